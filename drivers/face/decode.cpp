// OpenJPEG and libjpeg-turbo behind decode.hpp.
#include "drivers/face/decode.hpp"

#include <openjpeg-2.5/openjpeg.h>

#include <cstdio> // jpeglib.h wants FILE

#include <jpeglib.h>

#include <algorithm>
#include <csetjmp>
#include <cstring>
#include <memory>

namespace drivers::face {

using messages::error_code;
using messages::failure;
using octets = std::span<const std::uint8_t>;

namespace {

// -- JPEG 2000 -----------------------------------------------------------------------------------------------------

tl::unexpected<messages::error> unfit_photo(const char* why) {
  return failure(error_code::picture_unfit, "JPEG 2000", why);
}

/// What OpenJPEG reads from: the bytes, and how far it is.
struct source {
  octets bytes;
  std::size_t at = 0;
};

OPJ_SIZE_T read_some(void* into, OPJ_SIZE_T wanted, void* from) {
  auto& s = *static_cast<source*>(from);
  const auto left = s.bytes.size() - s.at;
  if (left == 0) return static_cast<OPJ_SIZE_T>(-1);
  const auto n = std::min<std::size_t>(wanted, left);
  std::memcpy(into, s.bytes.data() + s.at, n);
  s.at += n;
  return n;
}
OPJ_OFF_T skip_some(OPJ_OFF_T by, void* from) {
  auto& s = *static_cast<source*>(from);
  if (by < 0 || static_cast<std::size_t>(by) > s.bytes.size() - s.at) return -1;
  s.at += static_cast<std::size_t>(by);
  return by;
}
OPJ_BOOL seek_to(OPJ_OFF_T to, void* from) {
  auto& s = *static_cast<source*>(from);
  if (to < 0 || static_cast<std::size_t>(to) > s.bytes.size()) return OPJ_FALSE;
  s.at = static_cast<std::size_t>(to);
  return OPJ_TRUE;
}

struct image_free {
  void operator()(opj_image_t* i) const {
    for (OPJ_UINT32 c = 0; c < i->numcomps; ++c)
      if (auto& of = i->comps[c]; of.data) messages::wipe(of.data, std::size_t{of.w} * of.h * sizeof(OPJ_INT32));
    opj_image_destroy(i);
  }
};
struct stream_free {
  void operator()(void** s) const { opj_stream_destroy(s); }
};
struct codec_free {
  void operator()(void** c) const { opj_destroy_codec(c); }
};

/// What the header promises, before a pixel is decoded.
const char* objection(const opj_image_t& image) {
  const auto width = std::uint64_t{image.x1} - image.x0, height = std::uint64_t{image.y1} - image.y0;
  if (image.x1 <= image.x0 || image.y1 <= image.y0) return "no size";
  if (width < side_min || height < side_min) return "too small";
  if (width > photo_side_max || height > photo_side_max) return "too large";
  if (image.numcomps != 1 && image.numcomps != 3) return "neither grey nor colour";
  for (OPJ_UINT32 n = 0; n < image.numcomps; ++n) {
    const auto& c = image.comps[n];
    if (c.dx != 1 || c.dy != 1 || c.prec == 0 || c.prec > 8) return "a component of another form";
  }
  return nullptr;
}

picture picture_from(const opj_image_t& image) {
  picture p{image.comps[0].w, image.comps[0].h, {}};
  p.bgr.resize(std::size_t{3} * p.width * p.height);
  for (std::size_t pixel = 0; pixel < std::size_t{p.width} * p.height; ++pixel)
    for (std::size_t channel = 0; channel < 3; ++channel) {
      const auto& c = image.comps[image.numcomps == 3 ? 2 - channel : 0];
      const auto most = (1 << c.prec) - 1;
      const auto raw = c.data[pixel] + (c.sgnd ? 1 << (c.prec - 1) : 0);
      p.bgr[3 * pixel + channel] = static_cast<std::uint8_t>(std::clamp(raw, 0, most) * 255 / most);
    }
  return p;
}

// -- JPEG ----------------------------------------------------------------------------------------------------------

tl::unexpected<messages::error> unfit_frame(const char* why) { return failure(error_code::picture_unfit, "JPEG", why); }

/// libjpeg's way of giving up. Nothing with a destructor may live between setjmp and longjmp but what is outside both.
struct giving_up {
  jpeg_error_mgr how;
  std::jmp_buf where;
};

[[noreturn]] void give_up(j_common_ptr of) { std::longjmp(reinterpret_cast<giving_up*>(of->err)->where, 1); }
void stay_silent(j_common_ptr, int) {}

/// Reads header and rows; `why` says what was wrong, null when nothing was. A short file is refused, not filled up.
const char* read_jpeg(octets bytes, picture& into) {
  jpeg_decompress_struct d{};
  giving_up end{};
  d.err = jpeg_std_error(&end.how);
  end.how.error_exit = give_up;
  end.how.emit_message = stay_silent;
  const char* volatile why = "no JPEG";
  if (setjmp(end.where) == 0) {
    jpeg_create_decompress(&d);
    d.mem->max_memory_to_use = 64L << 20;
    jpeg_mem_src(&d, bytes.data(), static_cast<unsigned long>(bytes.size()));
    jpeg_read_header(&d, TRUE);
    const auto pixels = std::uint64_t{d.image_width} * d.image_height;
    if (d.image_width < side_min || d.image_height < side_min)
      why = "too small";
    else if (d.image_width > frame_side_max || d.image_height > frame_side_max || pixels > frame_pixels_max)
      why = "too large";
    else if (d.num_components != 1 && d.num_components != 3)
      why = "neither grey nor colour";
    else {
      into.width = d.image_width;
      into.height = d.image_height;
      into.bgr.resize(static_cast<std::size_t>(3 * pixels));
      d.out_color_space = JCS_EXT_BGR;
      jpeg_start_decompress(&d);
      while (d.output_scanline < d.output_height) {
        JSAMPROW row = into.bgr.data() + std::size_t{3} * into.width * d.output_scanline;
        jpeg_read_scanlines(&d, &row, 1);
      }
      jpeg_finish_decompress(&d);
      why = end.how.num_warnings > 0 ? "damaged" : nullptr;
    }
  }
  jpeg_destroy_decompress(&d);
  return why;
}

} // namespace

messages::result<picture> decode_jpeg2000(octets bytes) {
  constexpr std::size_t head_size = 12;
  if (bytes.size() < head_size) return unfit_photo("too short");
  const bool bare = bytes[0] == 0xFF && bytes[1] == 0x4F;
  source from{bytes};
  std::unique_ptr<void*, codec_free> codec{opj_create_decompress(bare ? OPJ_CODEC_J2K : OPJ_CODEC_JP2)};
  std::unique_ptr<void*, stream_free> stream{opj_stream_create(4096, OPJ_TRUE)};
  opj_dparameters_t how{};
  opj_set_default_decoder_parameters(&how);
  if (!codec || !stream || !opj_setup_decoder(codec.get(), &how)) return unfit_photo("no memory");
  opj_decoder_set_strict_mode(codec.get(), OPJ_TRUE); // a truncated photo is no photo
  opj_stream_set_user_data(stream.get(), &from, nullptr);
  opj_stream_set_user_data_length(stream.get(), bytes.size());
  opj_stream_set_read_function(stream.get(), read_some);
  opj_stream_set_skip_function(stream.get(), skip_some);
  opj_stream_set_seek_function(stream.get(), seek_to);

  opj_image_t* raw = nullptr;
  const bool header = opj_read_header(stream.get(), codec.get(), &raw);
  const std::unique_ptr<opj_image_t, image_free> image{raw};
  if (!header || !image) return unfit_photo("no header");
  if (const char* why = objection(*image)) return unfit_photo(why);
  if (!opj_decode(codec.get(), stream.get(), image.get()) || !opj_end_decompress(codec.get(), stream.get()))
    return unfit_photo("damaged");
  for (OPJ_UINT32 n = 0; n < image->numcomps; ++n) {
    const auto& c = image->comps[n];
    if (!c.data || c.w != image->comps[0].w || c.h != image->comps[0].h) return unfit_photo("uneven components");
  }
  auto p = picture_from(*image);
  if (p.width < side_min || p.height < side_min) return unfit_photo("too small");
  return p;
}

messages::result<picture> decode_jpeg(octets bytes) {
  picture p;
  if (const char* why = read_jpeg(bytes, p)) return unfit_frame(why);
  return p;
}

} // namespace drivers::face
