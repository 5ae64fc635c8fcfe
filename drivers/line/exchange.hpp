// What goes out and what a reply means, whatever carries it: shared by HTTPS, the folders and the simulated line.
#pragma once

#include "drivers/line/bulk.hpp"
#include "drivers/line/facts.hpp"
#include "drivers/line/port.hpp"

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

namespace drivers::line {

/// A request ready to be carried.
struct outgoing {
  call what;
  std::string path; ///< over HTTPS
  std::string body;
  messages::id question; ///< none: it asks how things stand, and may be repeated under another name
  bool only_look = false; ///< it went out earlier: its reply is looked for, and nothing is sent
};

/// A complete reply.
struct incoming {
  int status = 0;         ///< HTTP
  bool simulated = false; ///< the centre says so of itself
  std::string body;
  std::shared_ptr<const octet_source> document{}; ///< instead of `body`, of a bulk result that lies in a file
};

/// Whose questions these are, and whom they may be put to.
struct asker {
  std::string institution; ///< 医療機関コード
  bool simulated_allowed = false;
  std::shared_ptr<const facts> names = facts::usual();
};

/// The port on top of anything that carries a request to a centre and brings its reply.
class carried_line : public line {
public:
  explicit carried_line(asker who) : who_(std::move(who)) {}

  void obtain_challenge(std::uint32_t wait_ms_max, completion<challenge> done) final;
  void ask(card_question question, std::uint32_t wait_ms_max, completion<answer> done) final;
  void ask(typed_question question, std::uint32_t wait_ms_max, completion<answer> done) final;
  void register_reference_number(reference_registration registration, std::uint32_t wait_ms_max,
                                 completion<void> done) final;
  void withdraw(withdrawal what, std::uint32_t wait_ms_max, completion<answer> done) final;
  void request_bulk(bulk_request request, std::uint32_t wait_ms_max, completion<bulk_acceptance> done) final;
  void collect_bulk(bulk_collection what, std::uint32_t wait_ms_max, completion<bulk_answer> done) final;
  void find_bulk(bulk_kind kind, messages::id question, std::uint32_t wait_ms_max,
                 completion<bulk_acceptance> done) final;
  void ask(records_question question, std::uint32_t wait_ms_max, completion<records_answer> done) final;
  void obtain_url(url_question question, std::uint32_t wait_ms_max, completion<access_url> done) final;
  messages::personal<messages::bytes> refused_original(const messages::id& question) const final;
  void kept(const messages::id& question) override;

  static constexpr std::size_t refused_originals_max = 64; ///< beyond: the oldest question's goes

protected:
  using arrival = completion<incoming>;
  /// Calls @p done exactly once, with a complete reply or the error that the port promises.
  virtual void carry(outgoing request, std::uint32_t wait_ms_max, arrival done) = 0;
  /// Are replies kept that come late, so that `only_look` finds them?
  virtual bool keeps_late_replies() const { return false; }
  /// The reply to @p question is refused: these are its bytes.
  void note_refused(const messages::id& question, const std::string& octets) { refused_->note(question, octets); }
  const asker& who() const { return who_; }

private:
  /// Carries @p body and tells @p done what @p read makes of the reply.
  template <class T, class Read> void exchange(call what, const messages::id& question,
                                               messages::result<std::string> body, std::uint32_t wait_ms_max,
                                               completion<T> done, Read read);

  /// Shared with the exchanges under way, which may end when the line is gone.
  class refused_replies {
  public:
    void note(const messages::id& question, const std::string& octets);
    messages::personal<messages::bytes> of(const messages::id& question) const;
    void forget(const messages::id& question);

  private:
    mutable std::mutex mutex_;
    std::map<messages::id, messages::personal<messages::bytes>> all_; ///< ids are in the order of time
  };

  const asker who_;
  const std::shared_ptr<refused_replies> refused_ = std::make_shared<refused_replies>();
};

messages::result<challenge> read_challenge(const asker& who, const incoming& reply);
/// A confirmation as an answer, within the limits of an event; also of a Face file.
messages::result<answer> to_checked_answer(const std::string& octets, const facts& names,
                                           const expected_result& expected);

} // namespace drivers::line
