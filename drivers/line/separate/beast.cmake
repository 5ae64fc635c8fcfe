# Asio and Beast as one library, for every room that talks HTTP; included by each, made once.
find_package(OpenSSL REQUIRED)
find_package(Boost 1.74 REQUIRED)
find_package(Threads REQUIRED)

if(NOT TARGET beast)
  add_library(beast STATIC ${CMAKE_SOURCE_DIR}/drivers/line/separate/beast.cpp)
  target_compile_definitions(beast PUBLIC BOOST_ASIO_SEPARATE_COMPILATION BOOST_BEAST_SEPARATE_COMPILATION)
  target_compile_options(beast PRIVATE -w) # none of this code is ours, and sanitizers make g++ see ghosts in it
  if(UKETSUKE_TSAN)
    target_compile_definitions(beast PUBLIC BOOST_ASIO_DISABLE_FENCED_BLOCK) # g++ refuses fences under TSan
  endif()
  target_link_libraries(beast PUBLIC flags Boost::boost OpenSSL::SSL OpenSSL::Crypto Threads::Threads)
endif()
