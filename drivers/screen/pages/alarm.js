// The sound of a card left behind: two soft tones again and again, until it is taken.
let context = null, timer = null;

function tone(frequency, at, seconds) {
  const oscillator = context.createOscillator(), volume = context.createGain();
  oscillator.frequency.value = frequency;
  volume.gain.setValueAtTime(0, at);
  volume.gain.linearRampToValueAtTime(0.25, at + 0.02);
  volume.gain.linearRampToValueAtTime(0, at + seconds);
  oscillator.connect(volume).connect(context.destination);
  oscillator.start(at);
  oscillator.stop(at + seconds);
}

function ring() {
  if (context.state !== 'running') return; // the browser allows sound only after the first touch
  tone(880, context.currentTime, 0.3);
  tone(660, context.currentTime + 0.35, 0.4);
}

/** @param {boolean} on */
export function alarm(on) {
  if (on === Boolean(timer)) return;
  if (!on) {
    clearInterval(timer);
    timer = null;
    return;
  }
  context ??= new AudioContext();
  ring();
  timer = setInterval(ring, 2000);
}
