#!/bin/bash
# Makes WORK_FOLDER/interpreter.wasm.xz: CPython 3.13.5 as one static, pre-initialised core wasm
# module. `cargo xtask interpreter` runs this, and compares it with the artefact beside this file.
#
#   ./build.sh [WORK_FOLDER]        default: ../target/interpreter
#
# From Debian sources and crates.io alone, about 20 minutes on two quiet cores, of which wasmtime and
# the native Python are ten; each part is made once and kept in the work folder. Needs Debian 12 as
# root (for the packages) and a Rust toolchain.
# BUILD_PYTHON=/path/to/python3.13 spares the native bootstrap.
set -euo pipefail
HERE=$(cd "$(dirname "$0")" && pwd)
WORK=$(mkdir -p "${1:-$HERE/../target/interpreter}" && cd "${1:-$HERE/../target/interpreter}" && pwd)
JOBS=${JOBS:-2}
PYTHON=3.13.5
ZLIB=1.3.dfsg+really1.3.1
WASI_LIBC=0.0~git20241209.574b88d-2
cd "$WORK"
# No build carries its date.
export SOURCE_DATE_EPOCH=1749600000

packages() {
  local tool
  for tool in clang-19 wasm-ld-19 llvm-ar-19 dpkg-source gcc make xz; do
    command -v $tool >/dev/null && continue
    apt-get update
    apt-get install -y --no-install-recommends \
      clang-19 lld-19 llvm-19 libclang-rt-19-dev-wasm32 dpkg-dev gcc make xz-utils
    return
  done
}

# Sources lie in Debian 13 (bookworm's wasi-libc is too old): taken from there, never installed.
sources() {
  if [ ! -f SHA256SUMS.ok ]; then
    cat >/etc/apt/sources.list.d/trixie-src.sources <<EOF
Types: deb deb-src
URIs: http://deb.debian.org/debian
Suites: trixie
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
EOF
    printf 'Package: *\nPin: release n=trixie\nPin-Priority: -1\n' >/etc/apt/preferences.d/trixie-low
    apt-get update
    apt-get download wasi-libc=$WASI_LIBC
    # The upstream archives alone: the packaging is not used, and mirrors drop superseded revisions of it.
    apt-get source --download-only --tar-only -t trixie python3.13 zlib
    sha256sum -c <<EOF
93e583f243454e6e9e4588ca2c2662206ad961659863277afcdb96801647d640  python3.13_$PYTHON.orig.tar.xz
60dd315c07f616887caa029408308a018ace66e3d142726a97db164b3b8f69fb  zlib_$ZLIB.orig.tar.gz
b7716260051d289248b7667f81fa2792c125d888ff51da3fa09c6272cc0bd11d  wasi-libc_${WASI_LIBC}_all.deb
EOF
    touch SHA256SUMS.ok
  fi
  [ -d Python-$PYTHON ] || tar xf python3.13_$PYTHON.orig.tar.xz
  [ -d zlib ] || { mkdir zlib && tar xf zlib_$ZLIB.orig.tar.gz -C zlib --strip-components=1; }
  [ -d sysroot ] || dpkg -x wasi-libc_${WASI_LIBC}_all.deb sysroot
}

# The cross build runs a native Python of the same minor version.
native_python() {
  if [ -z "${BUILD_PYTHON:-}" ]; then
    BUILD_PYTHON=$WORK/native/python
    if [ ! -x "$BUILD_PYTHON" ]; then
      mkdir -p native
      (cd native && OPT="-DNDEBUG -O1" ../Python-$PYTHON/configure -q \
        --disable-test-modules --without-ensurepip && make -s -j"$JOBS" python)
    fi
  fi
}

TARGET="--target=wasm32-wasi --sysroot=$WORK/sysroot/usr"
FEATURES="-mbulk-memory -msign-ext -mnontrapping-fptoint -mmutable-globals"

zlib() {
  [ -f libz/libz.a ] && return
  mkdir -p libz
  for f in adler32 crc32 deflate inffast inflate inftrees trees zutil compress uncompr infback; do
    clang-19 $TARGET $FEATURES -O3 -Izlib -c zlib/$f.c -o libz/$f.o
  done
  llvm-ar-19 rcs libz/libz.a libz/*.o
}

# Four changes to CPython. Of cpython.patch are the other worlds of a second and third run (src/world.h). A counter of the specialising interpreter that stands still (0xffff) is not
# even written: the snapshot's bytecode has only such counters (src/immortal.c). Jumps keep no history
# in the bytecode: only the tracing optimiser, which is not built, reads it. And all allocation goes
# straight to heap/, not through a table of functions; obmalloc.c includes it, so a change of heap/
# needs a new work folder.
patched() {
  grep -q _Py_world Python-$PYTHON/Objects/setobject.c ||
    patch -s -p1 -d Python-$PYTHON <"$HERE/cpython.patch"
  cp -u "$HERE"/heap/* Python-$PYTHON/Objects/
  grep -q '#include "heap.c"' Python-$PYTHON/Objects/obmalloc.c && return
  sed -i -E 's/^        (\(COUNTER\) = (advance|pause)_backoff_counter\(\(COUNTER\)\);)/        if (!is_unreachable_backoff_counter((COUNTER))) \\\n            \1/' \
    Python-$PYTHON/Python/ceval_macros.h
  sed -i '/this_instr\[1\].cache = (this_instr\[1\].cache << 1) | /d' Python-$PYTHON/Python/generated_cases.c.h
  sed -i -E -e 's/\b_Py(Mem_Raw|Mem|Object)\.(malloc|calloc|realloc|free)\(_Py(Mem_Raw|Mem|Object)\.ctx, /heap_\2(/' \
    -e 's/^#include "pycore_obmalloc_init.h"/&\n#include "heap.c"/' Python-$PYTHON/Objects/obmalloc.c
}

# What the core is compiled for: counts of a native build of the same source, changes included, over
# train.py. To take them anew: apt install libclang-rt-19-dev; CC=clang-19
# CFLAGS=-fprofile-instr-generate OPT="-DNDEBUG -O1" configure --without-computed-gotos
# --without-pymalloc; make python PY_LDFLAGS=-fprofile-instr-generate LDFLAGS=-fprofile-instr-generate;
# run `LLVM_PROFILE_FILE=p.profraw PYTHONHASHSEED=0 python -S train.py 40`;
# llvm-profdata-19 merge --sparse. A function that changed since is compiled without counts, silently.
profile() {
  xz -dc "$HERE/train.profdata.xz" >train.profdata
}

cpython() {
  [ -f wasm/done ] && return
  mkdir -p wasm
  (
    cd wasm
    export CC="clang-19 $TARGET" CXX="clang++-19 $TARGET" CPP="clang-cpp-19 $TARGET"
    export AR=llvm-ar-19 RANLIB=llvm-ranlib-19 HOSTRUNNER=/bin/false
    export CONFIG_SITE=$WORK/Python-$PYTHON/Tools/wasm/config.site-wasm32-wasi
    export OPT="-DNDEBUG -fwrapv -O3 -Wall" CFLAGS="$FEATURES"
    export PKG_CONFIG_LIBDIR=$WORK/none PKG_CONFIG_PATH=
    export ZLIB_CFLAGS="-I$WORK/zlib" ZLIB_LIBS="-L$WORK/libz -lz"
    ../Python-$PYTHON/configure -q --host=wasm32-wasip1 --build=x86_64-pc-linux-gnu \
      --with-build-python="$BUILD_PYTHON" --disable-test-modules --without-ensurepip \
      --without-pymalloc --with-system-libmpdec=no --disable-ipv6 --prefix=/py
    make -s -j"$JOBS" libpython3.13.a Modules/_decimal/libmpdec/libmpdec.a \
      Modules/expat/libexpat.a Modules/_hacl/libHacl_Hash_SHA2.a
    # The core again, with its profile.
    find Objects Python Parser -name '*.o' ! -name frozen.o -delete
    rm -f Modules/_sre/*.o Modules/{_collections,itertools,_functools,gc}module.o \
      Modules/_operator.o libpython3.13.a
    sed -i "s|^CONFIGURE_CFLAGS=.*|& -fprofile-instr-use=$WORK/train.profdata -Wno-profile-instr-unprofiled -Wno-profile-instr-out-of-date|" Makefile
    make -s -j"$JOBS" libpython3.13.a
    touch done
  )
}

link() {
  local wrap=() name
  for name in clock_time_get clock_res_get poll_oneoff random_get fd_write fd_read path_open \
    path_filestat_get fd_filestat_get fd_readdir; do
    wrap+=("-Wl,--wrap=__wasi_$name")
  done
  clang-19 $TARGET $FEATURES -std=gnu17 -O3 -Wall -Wextra -ffile-prefix-map="$HERE"=. \
    -mexec-model=reactor \
    -D_WASI_EMULATED_SIGNAL -IPython-$PYTHON/Include -Iwasm -I"$HERE/heap" "$HERE"/src/*.c wasm/libpython3.13.a \
    wasm/Modules/_decimal/libmpdec/libmpdec.a wasm/Modules/expat/libexpat.a \
    wasm/Modules/_hacl/libHacl_Hash_SHA2.a libz/libz.a \
    -lwasi-emulated-signal -lwasi-emulated-getpid -lwasi-emulated-process-clocks -lm -ldl \
    "${wrap[@]}" -z stack-size=4194304 -Wl,--stack-first -Wl,--initial-memory=33554432 \
    -Wl,--strip-debug -Wl,-Map=raw.map -o raw.wasm
}

snapshot() {
  mkdir -p guest && cp "$HERE/guest.py" guest/
  # Without what native_python wrote there: compiled code names the folder that it was compiled in.
  find Python-$PYTHON/Lib -name __pycache__ -prune -exec rm -r {} +
  cargo build --release --locked --manifest-path "$HERE/snapshot/Cargo.toml" --target-dir snapshot
  snapshot/release/quaero-snapshot make raw.wasm interpreter.wasm Python-$PYTHON/Lib guest
  snapshot/release/quaero-snapshot run interpreter.wasm "$HERE"/cases/*.toml
  xz -9e -k -f -T1 interpreter.wasm
  ls -l interpreter.wasm interpreter.wasm.xz
}

packages
sources
patched
native_python
zlib
profile
cpython
link
snapshot
