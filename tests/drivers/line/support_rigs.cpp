// The three ways to a centre that the conformance test runs against.
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

std::shared_ptr<drivers::line::facts> quick_facts() {
  auto f = std::make_shared<drivers::line::facts>(*drivers::line::facts::usual());
  f->scan_ms = 20;
  f->equal_reads_ms = 3;
  return f;
}

through_folders::through_folders(std::shared_ptr<const facts> names) : names_(std::move(names)), world_(folder_) {
  start_centre();
  restart_line();
}

folder_line_options through_folders::line_options() const {
  folder_line_options options;
  options.who = {institution, true, names_};
  options.requests = requests();
  options.results = results();
  options.work = folder_ / "work";
  options.zip_password = "password of this test";
  return options;
}

void through_folders::restart_line() {
  port_.reset();
  port_ = std::move(open_folder_line(line_options()).value());
}

void through_folders::behave(centre_behaviour b) {
  if (b.down_requests > 0) return stop_centre();
  if (!link_) start_centre();
  link_->behave({.answer_delay_ms = b.answer_delay_ms, .silent = b.silent});
}

void through_folders::stop_centre() {
  link_.reset();
  centre_.reset();
  std::error_code ignored;
  std::filesystem::rename(requests(), folder_ / "Req unmounted", ignored);
}

void through_folders::start_centre() {
  std::error_code ignored;
  std::filesystem::rename(folder_ / "Req unmounted", requests(), ignored);
  centre_ = world_.open();
  link_options options;
  options.requests = requests();
  options.results = results();
  options.faces = faces();
  options.work = folder_ / "link";
  options.institution = institution;
  options.zip_password = "password of this test";
  options.names = names_;
  options.look_ms = 2;
  link_ = std::make_unique<link_application>(options, *centre_);
}

} // namespace line_test
