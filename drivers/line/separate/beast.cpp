// Asio and Beast, compiled once for the whole program: their headers are slow.
#include <boost/asio/impl/src.hpp>
#include <boost/asio/ssl/impl/src.hpp>
#include <boost/beast/src.hpp>
