// The face in the frame: the camera's picture, and one frame after another to the desk's own node. Nothing is kept: a
// frame is drawn in memory, sent and painted over, and the camera is let go as soon as another screen is shown.
import { el } from '/live.js';

const frame_ms = 120; // between an answer and the next frame
const again_ms = 1500; // a frame that nobody answered: another one
const side_max = 1280, quality = 0.85;

let video = null, stream = null, timer = 0, current = null, said = '';
const canvas = document.createElement('canvas');

/** @param of {words, live, button, stop, use_pin, redraw (asked for when the heading no longer fits)} */
export function face_screen(of) {
  const began = current !== null;
  current = of;
  if (!began) begin();
  return [
    el('div', { class: 'frame', hidden: without_camera() }, video),
    el('p', { class: 'sight', role: 'status', id: 'sight' }, sight_words()),
    el('div', { class: 'choices' }, of.button(of.words.pin, of.use_pin, 'main')),
    of.stop(),
  ];
}

/** This screen cannot ask for a face: no camera, or nobody allowed it. */
export const without_camera = () => current !== null && said === 'no_camera';

/** Another screen is shown. */
export function leave_face() {
  if (!current) return;
  current.live.removeEventListener('sight', on_sight);
  current = null;
  clearTimeout(timer);
  for (const track of stream?.getTracks() ?? []) track.stop();
  stream = null;
  if (video) video.srcObject = null;
  canvas.width = canvas.height = 1; // what was painted is gone
}

async function begin() {
  said = '';
  video = el('video', { autoplay: true, muted: true, playsinline: true, 'aria-hidden': 'true' });
  video.muted = true;
  current.live.addEventListener('sight', on_sight);
  try {
    const asked = { video: { width: { ideal: side_max }, height: { ideal: 720 }, facingMode: 'user' }, audio: false };
    const got = await navigator.mediaDevices.getUserMedia(asked);
    if (!current) return got.getTracks().forEach((track) => track.stop()); // too late
    stream = got;
    video.srcObject = stream;
    await video.play();
    send();
  } catch {
    if (!current) return;
    said = 'no_camera';
    current.redraw();
  }
}

function sight_words() {
  if (!said) return current.words.p;
  return without_camera() ? current.words.no_camera.p : current.words.sight[said];
}

function say(what) {
  said = what;
  const box = document.querySelector('#sight');
  if (box && box.textContent !== sight_words()) box.textContent = sight_words();
}

function on_sight(e) {
  say(e.detail.seen);
  clearTimeout(timer);
  timer = setTimeout(send, frame_ms);
}

async function send() {
  if (!current || !stream) return;
  clearTimeout(timer);
  timer = setTimeout(send, again_ms);
  const scale = Math.min(1, side_max / Math.max(video.videoWidth, video.videoHeight, 1));
  canvas.width = Math.round(video.videoWidth * scale);
  canvas.height = Math.round(video.videoHeight * scale);
  if (!canvas.width || !canvas.height) return;
  canvas.getContext('2d').drawImage(video, 0, 0, canvas.width, canvas.height);
  const picture = await new Promise((done) => canvas.toBlob(done, 'image/jpeg', quality));
  const octets = await picture?.arrayBuffer();
  if (current && octets) current.live.send_frame(octets);
}
