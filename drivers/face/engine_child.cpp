// The engine's own process: loads the models, closes every door behind itself, then looks at pictures until its desk
// lets go of the socket. It holds no keys, opens no files, and cannot reach the network or start anything.
#include "drivers/face/background.hpp"
#include "drivers/face/engine_wire.hpp"
#include "drivers/face/pipeline.hpp"

#include <seccomp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <grp.h>

#include <cerrno>
#include <csignal>

namespace drivers::face {

using messages::face_sight;
using messages::wiped_bytes;

namespace {

constexpr int desk = 3; ///< the descriptor of the socket
constexpr rlim_t memory_max = rlim_t{768} << 20; ///< of addresses; with both models it takes 80 MiB
constexpr rlim_t descriptors_max = 16;          ///< descriptors while loading
constexpr uid_t nobody = 65534;

bool limit(int what, rlim_t most) {
  const rlimit l{most, most};
  return ::setrlimit(static_cast<__rlimit_resource>(what), &l) == 0;
}

/// Before any library is asked for anything.
bool step_back() {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  const bool meek = step_behind_others() && ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
                    ::prctl(PR_SET_DUMPABLE, 0) == 0;
  return meek && limit(RLIMIT_CORE, 0) && limit(RLIMIT_FSIZE, 0) && limit(RLIMIT_AS, memory_max) &&
         limit(RLIMIT_NOFILE, descriptors_max);
}

/// What a process needs that computes and speaks through one socket; everything else fails with EPERM.
constexpr int allowed_calls[] = {
    SCMP_SYS(read),           SCMP_SYS(write),         SCMP_SYS(recvfrom),      SCMP_SYS(sendto),
    SCMP_SYS(close),          SCMP_SYS(brk),           SCMP_SYS(mmap),          SCMP_SYS(munmap),
    SCMP_SYS(mremap),         SCMP_SYS(mprotect),      SCMP_SYS(madvise),       SCMP_SYS(futex),
    SCMP_SYS(sched_yield),    SCMP_SYS(sched_getaffinity), SCMP_SYS(clock_gettime), SCMP_SYS(clock_nanosleep),
    SCMP_SYS(nanosleep),      SCMP_SYS(gettid),        SCMP_SYS(getpid),        SCMP_SYS(rt_sigreturn),
    SCMP_SYS(rt_sigprocmask), SCMP_SYS(exit),          SCMP_SYS(exit_group),    SCMP_SYS(restart_syscall),
    SCMP_SYS(getrandom),      SCMP_SYS(getcpu)};

/// After the models are loaded: nobody's user, no descriptor to be had, no system call but those.
bool close_doors() {
  if (::geteuid() == 0 &&
      (::setgroups(0, nullptr) != 0 || ::setresgid(nobody, nobody, nobody) != 0 ||
       ::setresuid(nobody, nobody, nobody) != 0 || ::prctl(PR_SET_DUMPABLE, 0) != 0))
    return false;
  if (!limit(RLIMIT_NOFILE, 0)) return false;
  ::prctl(PR_SET_PDEATHSIG, SIGKILL); // changing the user has cleared it
  const scmp_filter_ctx filter = ::seccomp_init(SCMP_ACT_ERRNO(EPERM));
  if (filter == nullptr) return false;
  bool closed = true;
  for (const int call : allowed_calls)
    closed = closed && ::seccomp_rule_add(filter, SCMP_ACT_ALLOW, call, 0) == 0;
  closed = closed && ::seccomp_load(filter) == 0;
  ::seccomp_release(filter);
  return closed;
}

bool receive(std::span<std::uint8_t> into) {
  while (!into.empty()) {
    const auto n = ::recv(desk, into.data(), into.size(), 0);
    if (n == 0 || (n < 0 && errno != EINTR)) return false;
    if (n > 0) into = into.subspan(static_cast<std::size_t>(n));
  }
  return true;
}

bool send(const wire::reply& r) {
  const auto octets = wire::pack(r);
  return ::send(desk, octets.data(), octets.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(octets.size());
}

/// One comparison: the face that was learnt, and the frames held against it.
class comparison {
public:
  explicit comparison(pipeline& by) : by_(by) {}

  wire::reply answer(wire::request what, const wiped_bytes& with) {
    return what == wire::request::learn ? learn(with) : look(with);
  }

private:
  wire::reply learn(const wiped_bytes& photo) {
    learnt_.clear();
    auto p = decode_jpeg2000(photo);
    if (!p) return {wire::verdict::photo_unfit};
    auto face = by_.learn(std::move(*p));
    if (!face)
      return {face.error().code == messages::error_code::face_not_found ? wire::verdict::photo_faceless
                                                                        : wire::verdict::broken};
    learnt_ = std::move(*face);
    return {wire::verdict::learnt};
  }
  wire::reply look(const wiped_bytes& frame) {
    const auto seen = [](face_sight s, double score = -1) {
      return wire::reply{wire::verdict::seen, static_cast<std::uint32_t>(s), static_cast<float>(score)};
    };
    if (learnt_.empty()) return {wire::verdict::broken};
    const auto p = decode_jpeg(frame);
    if (!p) return seen(face_sight::unreadable);
    const auto s = by_.look(*p);
    return s.seen == face_sight::good ? seen(s.seen, score_of(learnt_, s.of)) : seen(s.seen);
  }

  pipeline& by_;
  embedding learnt_;
};

} // namespace

int serve_engine(const std::string& detector, const std::string& embedder) {
  if (!step_back()) return 3;
  const auto pipe = pipeline::load(detector, embedder);
  if (!pipe) {
    send({wire::verdict::no_models});
    return 2;
  }
  if (!close_doors()) return 3;
  if (!send({wire::verdict::ready})) return 0;
  comparison one{**pipe};
  std::array<std::uint8_t, wire::head_size> octets{};
  while (receive(octets)) {
    const auto head = wire::parse_head(octets);
    if (!head) return 4;
    wiped_bytes with(head->size);
    if (!receive(with) || !send(one.answer(head->what, with))) break;
  }
  return 0;
}

} // namespace drivers::face
