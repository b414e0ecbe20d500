// hopper.cuh: what sm_90a alone has: mbarriers, TMA loads, wgmma. Like prims.cuh, once for the GPU
// and once for the CPU (simt/bulk.h, simt/warpgroup.h).
//
// A tile in shared memory has rows of 128 bytes, swizzled as TMA writes and wgmma reads them, and
// starts at a multiple of 1024. A product is one of a warpgroup, four warps: D [64,N] += A [64,16]
// B [16,N]. A thread holds of D what it holds of mma.sync's: d[j] are columns 8j.. of its rows.
#pragma once
#include "prims.cuh"

// The descriptor of an operand in a tile that starts at `tile`. K along the rows (`columns` is
// false): `sbo` bytes from eight rows to the next eight. Else `lbo` bytes from 64 columns to the
// next 64, and `sbo` from eight k to the next eight.
DEV uint64_t descriptor(uint32_t tile, uint32_t lbo, uint32_t sbo) {
  return (uint64_t)((tile & 0x3ffff) >> 4) | (uint64_t)(lbo >> 4) << 16 |
         (uint64_t)(sbo >> 4) << 32 | 1ull << 62;
}

#define TENSOR_MAP const __grid_constant__ TensorMap

#ifdef ON_GPU
struct __align__(64) TensorMap {
  uint64_t opaque[16];
};
DEV uint32_t tile_address(const void *p) { return smem_u32(p); }
DEV void mbar_init(uint64_t *b, int count) {
  asm volatile("mbarrier.init.shared::cta.b64 [%0], %1;" ::"r"(smem_u32(b)), "r"(count)
               : "memory");
}
// After the barriers are made, before TMA knows them.
DEV void mbar_fence() { asm volatile("fence.mbarrier_init.release.cluster;" ::: "memory"); }
DEV void mbar_arrive(uint64_t *b) {
  asm volatile("mbarrier.arrive.shared::cta.b64 _, [%0];" ::"r"(smem_u32(b)) : "memory");
}
// Arrives, and says how many bytes TMA will bring before the phase is over.
DEV void mbar_expect(uint64_t *b, int n_bytes) {
  asm volatile("mbarrier.arrive.expect_tx.shared::cta.b64 _, [%0], %1;" ::"r"(smem_u32(b)),
               "r"(n_bytes)
               : "memory");
}
// Until the phase of this parity is over: 0 for the first, 1 for the second, and so on. A phase
// that never ends is an error, not a hang: each try waits for a while by itself.
DEV void mbar_wait(uint64_t *b, int parity) {
  asm volatile("{\n.reg .pred p;\n.reg .u32 n;\nmov.u32 n, 0;\n"
               "again:\n"
               "mbarrier.try_wait.parity.shared::cta.b64 p, [%0], %1;\n"
               "@p bra over;\n"
               "add.u32 n, n, 1;\n"
               "setp.lt.u32 p, n, 67108864;\n"
               "@p bra again;\n"
               "trap;\n"
               "over:\n}" ::"r"(smem_u32(b)),
               "r"(parity)
               : "memory");
}
// A box of a matrix, from column x and row y; what lies beyond its edges comes as zeros.
DEV void tma_load(void *to, const TensorMap &map, uint64_t *b, int x, int y) {
  asm volatile("cp.async.bulk.tensor.2d.shared::cluster.global.tile.mbarrier::complete_tx::bytes "
               "[%0], [%1, {%3, %4}], [%2];" ::"r"(smem_u32(to)),
               "l"(&map), "r"(smem_u32(b)), "r"(x), "r"(y)
               : "memory");
}
DEV void tile_store16(void *to, uint4 v) { *(uint4 *)to = v; }
// Makes what this thread has stored visible to TMA and wgmma.
DEV void proxy_fence() { asm volatile("fence.proxy.async.shared::cta;" ::: "memory"); }
// Before the first product, and whenever a thread may have touched registers of one.
DEV void wgmma_fence() { asm volatile("wgmma.fence.sync.aligned;" ::: "memory"); }
DEV void wgmma_commit() { asm volatile("wgmma.commit_group.sync.aligned;" ::: "memory"); }
// Until at most N groups are in flight.
template<int N> DEV void wgmma_wait() {
  asm volatile("wgmma.wait_group.sync.aligned %0;" ::"n"(N) : "memory");
}
template<int N> DEV void more_registers() {
  asm volatile("setmaxnreg.inc.sync.aligned.u32 %0;" ::"n"(N));
}
template<int N> DEV void fewer_registers() {
  asm volatile("setmaxnreg.dec.sync.aligned.u32 %0;" ::"n"(N));
}
#define ROW_OF_D(j) "+f"(d[j][0]), "+f"(d[j][1]), "+f"(d[j][2]), "+f"(d[j][3])
#define ROWS_OF_D(j)                                                                               \
  ROW_OF_D(j), ROW_OF_D(j + 1), ROW_OF_D(j + 2), ROW_OF_D(j + 3), ROW_OF_D(j + 4),                 \
      ROW_OF_D(j + 5), ROW_OF_D(j + 6), ROW_OF_D(j + 7)
#define REGISTERS_64 \
  "%0,%1,%2,%3,%4,%5,%6,%7,%8,%9,%10,%11,%12,%13,%14,%15,%16,%17,%18,%19,%20,%21," \
  "%22,%23,%24,%25,%26,%27,%28,%29,%30,%31"
#define REGISTERS_128 \
  "%0,%1,%2,%3,%4,%5,%6,%7,%8,%9,%10,%11,%12,%13,%14,%15,%16,%17,%18,%19,%20,%21," \
  "%22,%23,%24,%25,%26,%27,%28,%29,%30,%31,%32,%33,%34,%35,%36,%37,%38,%39,%40,%41," \
  "%42,%43,%44,%45,%46,%47,%48,%49,%50,%51,%52,%53,%54,%55,%56,%57,%58,%59,%60,%61," \
  "%62,%63"
#define REGISTERS_256 \
  "%0,%1,%2,%3,%4,%5,%6,%7,%8,%9,%10,%11,%12,%13,%14,%15,%16,%17,%18,%19,%20,%21," \
  "%22,%23,%24,%25,%26,%27,%28,%29,%30,%31,%32,%33,%34,%35,%36,%37,%38,%39,%40,%41," \
  "%42,%43,%44,%45,%46,%47,%48,%49,%50,%51,%52,%53,%54,%55,%56,%57,%58,%59,%60,%61," \
  "%62,%63,%64,%65,%66,%67,%68,%69,%70,%71,%72,%73,%74,%75,%76,%77,%78,%79,%80,%81," \
  "%82,%83,%84,%85,%86,%87,%88,%89,%90,%91,%92,%93,%94,%95,%96,%97,%98,%99,%100," \
  "%101,%102,%103,%104,%105,%106,%107,%108,%109,%110,%111,%112,%113,%114,%115,%116," \
  "%117,%118,%119,%120,%121,%122,%123,%124,%125,%126,%127"

// A and B in shared memory; A_COLUMNS, B_COLUMNS: their rows run along m and n, not along k.
#define WGMMA(N, OPERANDS, A, B, P, TA, TB)                                                        \
  template<int A_COLUMNS, int B_COLUMNS>                                                           \
  DEV void wgmma(float (&d)[N / 8][4], uint64_t a, uint64_t b, int accumulate) {                   \
    asm volatile("{\n.reg .pred p;\nsetp.ne.b32 p, " P ", 0;\n"                                    \
                 "wgmma.mma_async.sync.aligned.m64n" #N "k16.f32.bf16.bf16 {" REGISTERS_##N "}, "  \
                 A ", " B ", p, 1, 1, " TA ", " TB ";\n}"                                          \
                 : OPERANDS                                                                        \
                 : "l"(a), "l"(b), "r"(accumulate), "n"(A_COLUMNS), "n"(B_COLUMNS));               \
  }
WGMMA(64, ROWS_OF_D(0), "%32", "%33", "%34", "%35", "%36")
#define D_128 ROWS_OF_D(0), ROWS_OF_D(8)
WGMMA(128, D_128, "%64", "%65", "%66", "%67", "%68")
#define D_256 D_128, ROWS_OF_D(16), ROWS_OF_D(24)
WGMMA(256, D_256, "%128", "%129", "%130", "%131", "%132")

// A in registers, as mma.sync has it.
#define WGMMA_REGISTERS(N, OPERANDS, A, B, P, TB)                                                  \
  template<int B_COLUMNS>                                                                          \
  DEV void wgmma(float (&d)[N / 8][4], const uint32_t (&a)[4], uint64_t b, int accumulate) {       \
    asm volatile("{\n.reg .pred p;\nsetp.ne.b32 p, " P ", 0;\n"                                    \
                 "wgmma.mma_async.sync.aligned.m64n" #N "k16.f32.bf16.bf16 {" REGISTERS_##N "}, {" \
                 A "}, " B ", p, 1, 1, " TB ";\n}"                                                 \
                 : OPERANDS                                                                        \
                 : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b), "r"(accumulate),            \
                   "n"(B_COLUMNS));                                                                \
  }
WGMMA_REGISTERS(64, ROWS_OF_D(0), "%32,%33,%34,%35", "%36", "%37", "%38")
WGMMA_REGISTERS(128, D_128, "%64,%65,%66,%67", "%68", "%69", "%70")
#else
#include "simt/warpgroup.h"
#define HERE const char *file = __builtin_FILE(), int line = __builtin_LINE()
#define LINE int line = __builtin_LINE()
DEV uint32_t tile_address(const void *p) { return simt::shared_offset(p, "a tile"); }
DEV void mbar_init(uint64_t *b, int count, LINE) { simt::mbarrier_init(b, count, line); }
DEV void mbar_fence() { simt::mbarrier_fence(); }
DEV void mbar_arrive(uint64_t *b, LINE) { simt::mbarrier_arrive(b, 0, line); }
DEV void mbar_expect(uint64_t *b, int n_bytes, LINE) { simt::mbarrier_arrive(b, n_bytes, line); }
DEV void mbar_wait(uint64_t *b, int parity, HERE) { simt::mbarrier_wait(b, parity, file, line); }
DEV void tma_load(void *to, const TensorMap &map, uint64_t *b, int x, int y, LINE) {
  simt::tma_load(to, map, b, x, y, line);
}
DEV void tile_store16(void *to, uint4 v) { simt::tile_store16(to, v); }
DEV void proxy_fence() { simt::proxy_fence(); }
DEV void wgmma_fence() { simt::warpgroup_fence(); }
DEV void wgmma_commit() { simt::warpgroup_commit(); }
template<int N> DEV void wgmma_wait(HERE) { simt::warpgroup_wait(N, file, line); }
template<int N> DEV void more_registers(LINE) { simt::check_registers(N, line); }
template<int N> DEV void fewer_registers(LINE) { simt::check_registers(N, line); }
template<int A_COLUMNS, int B_COLUMNS, int N8>
DEV void wgmma(float (&d)[N8][4], uint64_t a, uint64_t b, int accumulate, LINE) {
  simt::warpgroup_mma({d[0], N8 * 8, a, b, nullptr, accumulate, A_COLUMNS, B_COLUMNS}, line);
}
template<int B_COLUMNS, int N8>
DEV void wgmma(float (&d)[N8][4], const uint32_t (&a)[4], uint64_t b, int accumulate, LINE) {
  simt::warpgroup_mma({d[0], N8 * 8, 0, b, a, accumulate, 0, B_COLUMNS}, line);
}
#endif
