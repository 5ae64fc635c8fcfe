// The one main of every unit test program: Boost.Test's, built once.
#define BOOST_TEST_MODULE uketsuke
#include <boost/test/unit_test.hpp>
