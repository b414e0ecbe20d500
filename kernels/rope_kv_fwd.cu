// rope_kv_fwd.cu: rotates q and k of every row in place, and writes k and v into their page
// Shapes   qkv [R,(H+2K)*D] bf16, cos, sin [P,D/2] f32, position, slot [R] i32,
//          k_pages, v_pages [pages,K,64,D] bf16; slot = 64*page + place, below 0: not kept
// Layout   row-major, 16-byte aligned, D % 16 == 0; channel i pairs with i + D/2
// Launch   grid (R,1,1), block (128,1,1), smem 0; one block per row
// Math     f32, one rounding to bf16: pages and qkv hold the same bits
// Roofline bytes = 4R(H+K)D + 2RKD + 4RKD; R=16384 H=16 K=8 D=128: 302 MB = 70 us at 4.3 TB/s
// Measured H100 80GB HBM3, 1976c51 of 2026-11-26; us (share of that run's roofline) at 1.7b:
//          rope_kv_fwd 110.6 (91 %)
// Oracle   testkit::kernels::rope (f64), budget E2; rope_bwd turns back
// Versions v1 16-byte accesses (this)
#include "rope.cuh"

KERNEL __launch_bounds__(128)
    rope_kv_fwd(bf16 *qkv, bf16 *k_pages, bf16 *v_pages, const float *cos, const float *sin,
                const int *position, const int *slot, int n_heads, int n_kv, int d) {
  const int64_t row = blockIdx.x;
  const int half = d / 2, chunks = half / 8, kept = slot[row];
  bf16 *x = qkv + row * (n_heads + 2 * n_kv) * d;
  const float *c = cos + (int64_t)position[row] * half, *s = sin + (int64_t)position[row] * half;
  const int64_t page = kept / 64, place = kept % 64;
  for (int i = threadIdx.x; i < (n_heads + n_kv) * chunks; i += blockDim.x) {
    const int head = i / chunks, at = i % chunks * 8;
    Eight u = load8(x + head * d + at), v = load8(x + head * d + half + at);
    rotate(u, v, c + at, s + at, 1.f);
    store8(x + head * d + at, u);
    store8(x + head * d + half + at, v);
    if (head >= n_heads && kept >= 0) {
      bf16 *to = k_pages + ((page * n_kv + head - n_heads) * 64 + place) * d;
      store8(to + at, u);
      store8(to + half + at, v);
    }
  }
  if (kept < 0) return;
  const bf16 *values = x + (n_heads + n_kv) * d;
  for (int i = threadIdx.x; i < n_kv * d / 8; i += blockDim.x) {
    const int head = i / (d / 8), at = i % (d / 8) * 8;
    bf16 *to = v_pages + ((page * n_kv + head) * 64 + place) * d;
    *(uint4 *)(to + at) = *(const uint4 *)(values + head * d + at);
  }
}
