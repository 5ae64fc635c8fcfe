// A client of the bus in C++ with libzmq and msgpack alone, as another program would write it: asks where the journal
// stands, then prints every event up to there, by replay and the live feed. The contract is messages/README.md.
#include <msgpack.hpp>
#include <zmq.hpp>
#include <zmq_addon.hpp>

#include <chrono>
#include <cstdint>
#include <iostream>
#include <map>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

using octets = std::vector<char>;
using parts = std::vector<zmq::message_t>;

octets new_id() { // 48 bits of milliseconds, 80 of chance
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  auto ms = static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(now).count());
  std::random_device chance;
  octets id(16);
  for (std::size_t n = 0; n < id.size(); ++n)
    id[n] = static_cast<char>(n < 6 ? ms >> (40 - 8 * n) : chance());
  return id;
}

std::uint64_t number_at(const zmq::message_t& m, std::size_t at) {
  std::uint64_t n = 0;
  for (std::size_t i = at; i < at + 8 && i < m.size(); ++i)
    n = n << 8 | static_cast<unsigned char>(m.data<char>()[i]);
  return n;
}

/// One command, its one answer: the map under "ok".
msgpack::object_handle say(zmq::socket_t& hub, const std::string& topic, const std::string& to,
                           const std::map<std::string, msgpack::object>& body) {
  msgpack::sbuffer packed;
  msgpack::packer<msgpack::sbuffer> p{packed};
  p.pack_map(9);
  p.pack(std::string{"v"}).pack(1);
  p.pack(std::string{"id"}).pack(new_id());
  p.pack(std::string{"kind"}).pack(std::string{"command"});
  p.pack(std::string{"topic"}).pack(topic);
  p.pack(std::string{"from"}).pack(std::string{"asker@example"});
  p.pack(std::string{"to"}).pack(to);
  p.pack(std::string{"deadline_ms"}).pack(5000);
  p.pack(std::string{"epoch"}).pack(0);
  p.pack(std::string{"body"}).pack(body);
  hub.send(zmq::buffer(packed.data(), packed.size()));
  zmq::message_t reply;
  if (!hub.recv(reply)) throw std::runtime_error{"nobody answers: is the hub running?"};
  auto answer = msgpack::unpack(reply.data<char>(), reply.size());
  const auto whole = answer->as<std::map<std::string, msgpack::object>>();
  const auto said = whole.at("body").as<std::map<std::string, msgpack::object>>();
  if (!said.contains("ok")) throw std::runtime_error{"refused"};
  return {said.at("ok"), std::move(answer.zone())};
}

/// Replays from @p next; the index to go on from.
std::uint64_t replay(zmq::socket_t& asking, std::uint64_t next, std::uint64_t last) {
  msgpack::sbuffer request;
  msgpack::packer<msgpack::sbuffer> p{request};
  p.pack_map(2);
  p.pack(std::string{"from"}).pack(next);
  p.pack(std::string{"limit"}).pack(1000);
  asking.send(zmq::buffer(request.data(), request.size()));
  for (;;) {
    parts m;
    if (!zmq::recv_multipart(asking, std::back_inserter(m))) throw std::runtime_error{"replay does not answer"};
    if (m[0].to_string_view() == "replay.end") return number_at(m[1], 0);
    if (m[0].to_string_view() == "replay.error") throw std::runtime_error{"replay was refused"};
    if (const auto index = number_at(m[1], 0); index <= last)
      std::cout << index << ' ' << m[0].to_string_view() << '\n';
  }
}

} // namespace

int main(int argc, char** argv) try {
  if (argc != 4) throw std::runtime_error{"usage: client COMMANDS EVENTS REPLAY (endpoints)"};
  zmq::context_t context;
  zmq::socket_t hub{context, zmq::socket_type::dealer}, tail{context, zmq::socket_type::sub},
      asking{context, zmq::socket_type::dealer};
  for (auto* s : {&hub, &tail, &asking}) {
    s->set(zmq::sockopt::linger, 0);
    s->set(zmq::sockopt::rcvtimeo, 10'000);
  }
  tail.set(zmq::sockopt::subscribe, "~"); // heartbeats say how far the journal is
  hub.connect(argv[1]);
  tail.connect(argv[2]);
  asking.connect(argv[3]);

  msgpack::zone zone;
  say(hub, "node.hello", "switchboard@hub",
      {{"node", msgpack::object{std::string{"example"}, zone}},
       {"actors", msgpack::object{std::vector<std::string>{}, zone}},
       {"incarnation", msgpack::object{new_id(), zone}}});
  const auto status = say(hub, "monitor.ask_status", "monitor@hub", {});
  const auto told = status->as<std::map<std::string, msgpack::object>>();
  const auto head = told.at("head").as<std::uint64_t>();
  parts beat;
  if (!zmq::recv_multipart(tail, std::back_inserter(beat))) throw std::runtime_error{"no heartbeat"};
  if (number_at(beat[1], 0) < head) throw std::runtime_error{"the live feed is behind the journal"};
  for (std::uint64_t next = 1; next <= head;)
    next = replay(asking, next, head);
  return 0;
} catch (const std::exception& why) {
  std::cerr << why.what() << '\n';
  return 1;
}
