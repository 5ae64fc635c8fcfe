// The two ways to a centre that the conformance test runs against.
#include "tests/drivers/line/support_rigs.hpp"

namespace line_test {

over_https::over_https()
    : world_(folder_), pki_(make_throwaway_pki(folder_ / "pki", institution, real_now_ms()).value()) {
  start_centre();
  port_ = std::move(open_https_line(line_options()).value());
}

void over_https::start_centre() {
  centre_server_options options;
  options.port = tcp_port_;
  options.certificate_file = pki_.server_certificate;
  options.key_file = pki_.server_key;
  options.client_ca_file = pki_.ca_certificate;
  server_ = std::move(serve_centre(options, world_.open()).value());
  tcp_port_ = server_->port();
}

https_line_options over_https::line_options() const {
  https_line_options options;
  options.host = "localhost";
  options.port = tcp_port_;
  options.ca_file = pki_.ca_certificate;
  options.certificate_file = pki_.client_certificate;
  options.key_file = pki_.client_key;
  options.institution = institution;
  options.simulated_allowed = true;
  options.now_ms = real_now_ms;
  return options;
}

} // namespace line_test
