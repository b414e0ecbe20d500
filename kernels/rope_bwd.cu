// rope_bwd.cu: turns the gradients of q and k back by the angles of their positions, in place
// Shapes   dqkv [R,(H+2K)*D] bf16, cos, sin [P,D/2] f32, position [R] i32
// Layout   row-major, 16-byte aligned, D % 16 == 0
// Launch   grid (R,1,1), block (128,1,1), smem 0; one block per row
// Math     f32, one rounding to bf16
// Roofline bytes = 4R(H+K)D; R=16384 H=16 K=8 D=128: 201 MB = 47 us at 4.3 TB/s
// Measured H100 80GB HBM3, 1976c51 of 2026-11-26; us (share of that run's roofline) at 1.7b:
//          rope_bwd 74.8 (89 %)
// Oracle   testkit::kernels::rope with the angles negated (f64), budget E2
// Versions v1 (this)
#include "rope.cuh"

KERNEL __launch_bounds__(128) rope_bwd(bf16 *dqkv, const float *cos, const float *sin,
                                       const int *position, int n_rotated, int width, int d) {
  const int64_t row = blockIdx.x;
  const int half = d / 2, chunks = half / 8;
  bf16 *x = dqkv + row * width;
  const float *c = cos + (int64_t)position[row] * half, *s = sin + (int64_t)position[row] * half;
  for (int i = threadIdx.x; i < n_rotated * chunks; i += blockDim.x) {
    const int head = i / chunks, at = i % chunks * 8;
    Eight u = load8(x + head * d + at), v = load8(x + head * d + half + at);
    rotate(u, v, c + at, s + at, -1.f);
    store8(x + head * d + at, u);
    store8(x + head * d + half + at, v);
  }
}
