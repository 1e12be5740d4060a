#!/bin/bash
# Gives a Debian machine a Windows target (x86_64-pc-windows-gnu) and Wine to run what it builds.
#
# Why not rustup: the machines this project is built on reach package registries only, and no registry carries
# the Windows standard library. So it is built once from Debian's source package of the same version as the
# compiler, and put where the compiler looks for it. Where Debian has no such version any more, Debian's own
# newer compiler (rustc-web, with its matching source) is unpacked beside it and used for this target alone.
#
# Leaves, under $POOLSCOPE_WINDOWS (default ~/.cache/poolscope/windows):
#   bin/win-cargo ...          cargo for the Windows target, its tests run under Wine
#   bin/win-run prog.exe ...   Wine, its prefix made on first use
# and apt packages gcc-mingw-w64-x86-64-win32 and wine64, and one link in the compiler's sysroot.
# Idempotent: about two minutes the first time, then instant. XBUILD_LTO=1 embeds bitcode in std, which
# profiles with lto need.
set -euo pipefail

target=x86_64-pc-windows-gnu
prefix=${POOLSCOPE_WINDOWS:-$HOME/.cache/poolscope/windows}
lto=${XBUILD_LTO:-1}
here=$(cd "$(dirname "$0")" && pwd)

say() { echo "windows-toolchain: $*" >&2; }
fail() { say "$*"; exit 1; }

mkdir -p "$prefix"/{bin,log,download}
exec 9>"$prefix/lock"
flock 9

# --- apt packages, in the background while std builds ---------------------------------------------------------
"$here/apt-install.sh" gcc-mingw-w64-x86-64-win32 wine64 >"$prefix/log/apt.log" 2>&1 9>&- &
apt_job=$!

# --- the sources of std, of exactly the compiler's version ------------------------------------------------------
mirror() { # the mirror this machine already uses
    awk '/^URIs:/ { print $2; exit } /^deb / { for (i = 2; i <= NF; i++) if ($i ~ /^https?:/) { print $i; exit } }' \
        /etc/apt/sources.list.d/debian.sources /etc/apt/sources.list 2>/dev/null
}

private_apt() { # SUITE: an apt configuration that knows that suite only, and touches nothing of the machine's
    local dir=$prefix/download/apt-$1
    mkdir -p "$dir"/{etc/apt.conf.d,etc/preferences.d,lists/partial,cache/archives/partial}
    : >"$dir/status"
    echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $(mirror) $1 main" >"$dir/etc/sources.list"
    cat >"$dir/apt.conf" <<CONF
Dir::Etc "$dir/etc/"; Dir::Etc::SourceList "$dir/etc/sources.list"; Dir::Etc::SourceParts "-"; Dir::Etc::Parts "-";
Dir::State::Lists "$dir/lists"; Dir::State::status "$dir/status"; Dir::Cache "$dir/cache";
Acquire::Languages "none"; APT::Sandbox::User "root";
CONF
    echo "$dir/apt.conf"
}

fetch_matching_sources() { # -> $prefix/src-VERSION/library, or fails
    local version=$1 out=$prefix/src-$1 suite conf found sysroot
    [ -f "$out/library/std/Cargo.toml" ] && return 0
    sysroot=$(rustc --print sysroot)
    if [ -f "$sysroot/lib/rustlib/src/rust/library/std/Cargo.toml" ]; then
        mkdir -p "$out" && cp -rL "$sysroot/lib/rustlib/src/rust/library" "$out/"
        return 0
    fi
    for suite in trixie-backports trixie forky sid; do
        conf=$(private_apt "$suite")
        APT_CONFIG=$conf apt-get update -qq >/dev/null 2>&1 9>&- || continue
        found=$(APT_CONFIG=$conf apt-cache madison rust-src 2>/dev/null |
            awk -F'|' '{ gsub(/ /, "", $2); print $2 }' | grep -m1 "^${version//./\\.}+" || true)
        [ -n "$found" ] || continue
        say "rust-src $found from $suite"
        (cd "$prefix/download" && APT_CONFIG=$conf apt-get download -qq "rust-src=$found" >/dev/null 2>&1 9>&-) || continue
        rm -rf "$out.part" && mkdir -p "$out.part"
        dpkg-deb --fsys-tarfile "$prefix"/download/rust-src_*.deb |
            tar -x -C "$out.part" --strip-components=4 --wildcards './usr/src/rustc-*/library'
        rm -f "$prefix"/download/rust-src_*.deb
        mv "$out.part" "$out"
        return 0
    done
    return 1
}

fetch_debian_compiler() { # Debian's compiler for browsers, newer than its stable rustc -> $prefix/web
    local web=$prefix/web std llvm package tool
    if [ ! -x "$web/usr/bin/rustc" ]; then
        say "no rust-src $version to be had; unpacking Debian's rustc-web"
        apt-get update -qq 9>&- || true
        std=$(apt-cache depends rustc-web libstd-rust-web-dev | sed -n 's/.*Depends: \(libstd-rust-web-[0-9.]*\)$/\1/p' | sort -V | tail -1)
        llvm=$(apt-cache show "$std" | sed -n 's/^Depends:.*\(libllvm[0-9]*\).*/\1/p' | head -1)
        (cd "$prefix/download" && rm -f ./*.deb &&
            apt-get download -qq -o APT::Sandbox::User=root rustc-web libstd-rust-web-dev "$std" ${llvm:+"$llvm"} \
                rust-web-clippy rust-web-src 9>&-)
        rm -rf "$web.part" && mkdir -p "$web.part"
        for package in "$prefix"/download/{rustc-web,libstd-rust-web,rust-web-clippy,libllvm}*.deb; do
            dpkg-deb -x "$package" "$web.part"
        done
        dpkg-deb --fsys-tarfile "$prefix"/download/rust-web-src_*.deb |
            tar -x -C "$web.part" --wildcards './usr/src/rustc-*/library'
        rm -f "$prefix"/download/*.deb
        rm -rf "$web" && mv "$web.part" "$web"
    fi
    mkdir -p "$prefix/web-bin"
    for tool in rustc clippy-driver rustdoc cargo-clippy; do
        printf '#!/bin/sh\nLD_LIBRARY_PATH=%s exec %s "$@"\n' \
            "$web/usr/lib/x86_64-linux-gnu" "$web/usr/bin/$tool" >"$prefix/web-bin/$tool"
        chmod +x "$prefix/web-bin/$tool"
    done
}

version=$(rustc -vV | sed -n 's/^release: //p')
rustc=rustc
if [ "${XBUILD_MODE:-auto}" != web ] && fetch_matching_sources "$version"; then
    library=$prefix/src-$version/library
    sysroot=$(rustc --print sysroot)
    extra_env=
else
    fetch_debian_compiler
    rustc=$prefix/web-bin/rustc
    version=$("$rustc" -vV | sed -n 's/^release: //p')-web
    library=$(echo "$prefix"/web/usr/src/rustc-*/library)
    sysroot=$prefix/web/usr
    extra_env="export RUSTC=$rustc PATH=$prefix/web-bin:\$PATH"
fi

# --- std, built once and kept as an ordinary target folder of a sysroot ----------------------------------------
std=$prefix/std-$version-lto$lto
if [ ! -f "$std/complete" ]; then
    say "building std $version for $target"
    build=$prefix/build
    rm -rf "$build" "$std"
    mkdir -p "$build" "$std/lib"
    cp -rL "$library" "$build/library"
    # Without a std.dll no Windows linker is needed yet.
    sed -i 's/^crate-type = \["dylib", "rlib"\]/crate-type = ["rlib"]/' "$build/library/std/Cargo.toml"
    flags="-Zforce-unstable-if-unmarked --remap-path-prefix=$build/library=/rustc/$version/library"
    [ "$lto" = 0 ] || flags="$flags -Cembed-bitcode=yes"
    (cd "$build/library" &&
        env -u CARGO_BUILD_TARGET -u CARGO_ENCODED_RUSTFLAGS -u RUSTC_WRAPPER RUSTC_BOOTSTRAP=1 CARGO_INCREMENTAL=0 \
            __CARGO_DEFAULT_LIB_METADATA=poolscope RUSTC="$rustc" RUSTFLAGS="$flags" CARGO_TARGET_DIR="$build/target" \
            cargo build --release --locked --target "$target" --manifest-path sysroot/Cargo.toml \
            --features "panic-unwind backtrace") >"$prefix/log/std.log" 2>&1 9>&- ||
        { tail -30 "$prefix/log/std.log" >&2; fail "std did not build"; }
    cp "$build/target/$target/release/deps/"*.rlib "$std/lib/"
    rm -rf "$build"
    touch "$std/complete"
fi
link=$sysroot/lib/rustlib/$target
if [ -e "$link" ] && [ ! -L "$link" ]; then
    say "keeping the $target that the toolchain came with"
else
    ln -sfn "$std" "$link"
fi

# --- Wine and the two wrappers -----------------------------------------------------------------------------------
wait "$apt_job" || { tail -20 "$prefix/log/apt.log" >&2; fail "apt could not install what is needed"; }
if [ ! -f "$prefix/bin/bcryptprimitives.dll" ]; then
    # Wine before 9 lacks this DLL, and every Rust program since 1.78 imports its one function.
    x86_64-w64-mingw32-gcc -O2 -shared -s -o "$prefix/bin/bcryptprimitives.dll" \
        "$here/wine-bcryptprimitives.c" "$here/wine-bcryptprimitives.def" -ladvapi32
fi
cat >"$prefix/bin/win-cargo" <<WRAPPER
#!/bin/bash
export CARGO_BUILD_TARGET=$target CARGO_TARGET_X86_64_PC_WINDOWS_GNU_LINKER=x86_64-w64-mingw32-gcc
export CARGO_TARGET_X86_64_PC_WINDOWS_GNU_RUNNER=$prefix/bin/win-run
export CC_x86_64_pc_windows_gnu=x86_64-w64-mingw32-gcc AR_x86_64_pc_windows_gnu=x86_64-w64-mingw32-ar
$extra_env
exec cargo "\$@"
WRAPPER
cat >"$prefix/bin/win-run" <<WRAPPER
#!/bin/bash
# Runs a Windows program under Wine with a prefix of its own and no display.
export WINEPREFIX=\${WINEPREFIX:-$prefix/wine} WINEARCH=win64 WINEDEBUG=\${WINEDEBUG:--all}
export WINEDLLOVERRIDES="mscoree,mshtml=;winemenubuilder.exe=d"
unset DISPLAY WAYLAND_DISPLAY
if [ ! -f "\$WINEPREFIX/poolscope-ready" ]; then
    mkdir -p "\$(dirname "\$WINEPREFIX")"
    exec 8>"\$WINEPREFIX.lock"
    flock 8
    if [ ! -f "\$WINEPREFIX/poolscope-ready" ]; then
        /usr/lib/wine/wine64 wineboot -i >/dev/null 2>&1 8>&- </dev/null || { echo "win-run: wineboot failed" >&2; exit 125; }
        system32=\$WINEPREFIX/drive_c/windows/system32
        [ -e "\$system32/bcryptprimitives.dll" ] || cp "$prefix/bin/bcryptprimitives.dll" "\$system32/"
        touch "\$WINEPREFIX/poolscope-ready"
    fi
    exec 8>&-
fi
exec /usr/lib/wine/wine64 "\$@"
WRAPPER
chmod +x "$prefix/bin/win-cargo" "$prefix/bin/win-run"
say "ready (std $version): $prefix/bin/win-cargo, $prefix/bin/win-run"
