// What staff read about an answer: its mark, what to say to the patient, and the quick guide's next step. Judgements
// are the gateway's; here are only words for them.

/** By validity of an answer (資格有効性). */
export const validity_cards = {
  valid: { mark: '資格 有効', good: true, say: 'お待たせしました。確認ができました。',
    next: '照会番号が未登録のときは登録します。患者さんはカードを取って待合へ。' },
  invalid: { mark: '資格 無効', say: '保険の資格について、確認したいことがあります。新しい保険の資格確認書などをお持ちですか。',
    next: '資格確認書等の現物を確認し、「健康保険証等で確認」に入力します。お持ちでないときは、加入先へ確認していただきます。' },
  newer_exists: { mark: '新しい資格あり', say: '新しい保険の登録があるようです。最近、お勤め先や保険が変わりましたか。',
    next: '新しい資格の情報で登録し直します。古い記号・番号は使いません。' },
  no_match: { mark: '該当する資格なし', say: '保険の登録がまだ見つかりませんでした。資格確認書などをお持ちですか。',
    next: '入力内容（記号・番号・枝番・生年月日）を確かめ、資格確認書等の現物で確認します。' },
  several: { mark: '複数の資格あり', say: '保険が二つ以上登録されているようです。今日お使いになる保険を教えてください。',
    next: '自動では選びません。患者さんに確かめて、使う資格を選びます。' },
  valid_unregistered: { mark: '有効（カードの登録なし）', good: true, say: '確認ができました。',
    next: '資格は有効です。誤りではありません。マイナンバーカードの保険証利用登録は患者さんの任意です。' },
};

/** By outcome, where there is no answer to judge. */
export const outcome_cards = {
  unknown: { mark: '結果 未確定', say: '確認に時間がかかっています。先に診察の準備をしますので、お掛けになってお待ちください。',
    next: '失敗でも無効でもありません。同じ照会番号であとから確定し、この画面に出ます。もう一度カードを置く必要はありません。' },
  not_asked: { mark: '未照会（接続できません）', say: 'ただいま確認の機械がつながりません。資格確認書か、保険の分かるものをお持ちですか。',
    next: '「健康保険証等で確認」に内容を控えます。つながりしだい、自動で照会します。患者さんをお待たせしません。' },
  refused: { mark: '照会エラー', say: '確認がうまくいきませんでした。こちらで確かめますので、お待ちください。',
    next: '下のエラーの説明に従います。同じ内容を続けて照会しないでください。' },
};

const certificate = { mark: 'カードの確認', say: 'カードについて確認したいことがあります。少しお待ちください。',
  next: '下の説明に従います。' };

const pin_blocked = { mark: '暗証番号ロック', say: '暗証番号が使えなくなっています。資格確認書か、保険の分かるものをお持ちですか。',
  next: '住所地の市区町村の窓口で暗証番号の再設定ができます。本日は下の「目視確認モードに切替」か、資格確認書等で確認します。' };

/** The card for a row of reception's board; nothing when there is nothing to say. */
export function card_of(row) {
  if (row.outcome === 'answered') return validity_cards[row.judged] ?? null;
  if (row.pin_blocked && row.outcome === 'open' && row.state === 'at_window') return pin_blocked;
  if (row.error === 'other_card' || row.error.startsWith('certificate_expired')) return certificate;
  return outcome_cards[row.outcome] ?? null;
}

/** What a check-in is doing now. */
export const state_words = {
  idle: '終わりました', choosing: '本人確認の方法を選択中', preparing: '準備中', entering_pin: '暗証番号を入力中',
  verifying: '暗証番号を確認中', consenting: '同意を選択中', providing: '提供する情報を選択中', asking: '資格を確認中',
  matching: '顔を確認中', awaiting_number: '照合番号Bの入力待ち', deciding: '職員の本人確認待ち', proving: '本人確認を完了中',
  registration: '照会番号の登録待ち', registering: '照会番号を登録中', at_window: '窓口対応', taking_card: 'カードの返却待ち', comparing: '目視で本人確認中',
};

/** What an error means for staff, and what to do next. Its name otherwise: the monitor and the vendor know it. */
const error_words = {
  certificate_expires_soon: '電子証明書の有効期限が3か月以内です。住所地の市区町村の窓口で更新できることを、患者さんにお伝えください。',
  certificate_expired_lately: '電子証明書の有効期限が切れて3か月以内です。資格の確認だけができます（診療・薬剤・健診の情報は閲覧できません）。更新をお勧めください。',
  certificate_expired: '電子証明書の有効期限が切れています。資格確認書等で確認し、市区町村の窓口での更新をお勧めください。',
  other_card: '先ほどと違うカードです。同じカードを置いてもらうか、「別の患者さんです」からやり直してください。',
  line_down: '全国のシステムに接続できません。', line_silent: '全国のシステムから回答がありません。',
  line_refused: '全国のシステムがエラーを返しました。照会番号や内容を確かめてください。',
  challenge_expired: '時間がたったため、本人確認からやり直しが必要です。',
};
export const word_of_error = (name) => error_words[name] ?? `エラー：${name}`;
