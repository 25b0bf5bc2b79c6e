#!/usr/bin/env bash
# The programs and some tests on aarch64, where no such machine is at hand: built across with Debian's rustc and its
# standard library for arm64, and run under qemu with Debian's kernel.
#
#     sudo nice -n 19 bash tests/elsewhere/aarch64.sh FOLDER [TEST ...]
#
# FOLDER takes some 3 GB, and is kept: a second run builds and runs alone. TEST are names as `cargo test` takes them. It
# wants root, Debian's packages and debootstrap, qemu-system-arm and cpio; the emulated machine has no network but its
# loopback interface, and no python3.
set -euo pipefail
[ $# -ge 1 ] || { echo "usage: $0 FOLDER [TEST ...]" >&2; exit 2; }
mkdir -p "$1"
folder=$(realpath "$1")
shift
tests=${*:-strace:: limits:: stories::every command_line::every_server}
clone=$(realpath "$(dirname "$0")/../..")
root=$folder/root target=aarch64-unknown-linux-gnu
for program in debootstrap qemu-system-aarch64 cpio unxz; do
    command -v "$program" >/dev/null || { echo "left out: there is no $program on this machine"; exit 0; }
done

if [ ! -e "$root/ready" ]; then
    debootstrap --variant=minbase sid "$root"
    # A mirror may be older than its index says it should be.
    echo 'Acquire::Check-Valid-Until "false";' >"$root/etc/apt/apt.conf.d/99-old"
    chroot "$root" dpkg --add-architecture arm64
    chroot "$root" apt-get update -qq
    DEBIAN_FRONTEND=noninteractive chroot "$root" apt-get install -y -qq --no-install-recommends \
        rustc cargo gcc gcc-aarch64-linux-gnu libc6-dev-arm64-cross libstd-rust-dev:arm64
    touch "$root/ready"
fi

# The sources and the crates, which are fetched out here.
rm -rf "$root/src-new" && mkdir -p "$root/src" "$root/src-new" "$root/root/.cargo"
git -C "$clone" archive HEAD | tar x -C "$root/src-new"
cp -r "$root/src-new/." "$root/src"
cargo vendor --locked --manifest-path "$clone/Cargo.toml" "$root/vendor" >"$root/root/.cargo/config.toml" 2>/dev/null
sed -i "s|^directory = .*|directory = \"/vendor\"|" "$root/root/.cargo/config.toml"
chroot "$root" env CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER=aarch64-linux-gnu-gcc sh -c \
    "cd /src && cargo test --no-run --offline --all-features --target $target 2>&1 | tee /built"

# A machine's memory for its disk: the C library, a shell, strace, the kernel's modules for sock_diag, and what was built.
packages="libc6 libgcc-s1 busybox-static strace libunwind8 libdw1t64 libelf1t64 liblzma5 zlib1g libzstd1 libbz2-1.0"
machine=$folder/machine
rm -rf "$machine" "$folder/debs" && mkdir -p "$machine"/{proc,sys,dev,tmp} "$folder/debs"
# The newest kernel is one package, or some that it depends on.
depends() { chroot "$root" apt-cache depends "$1:arm64" | sed -n 's/^ *Depends: \(linux-[a-z]*-[0-9][^:]*\).*/\1/p'; }
kernel=$(depends linux-image-arm64 | head -1)
kernels="$kernel $(depends "$kernel" | tr '\n' ' ')"
chmod 777 "$folder/debs" && mkdir -p "$root/debs" && rm -f "$root"/debs/*
# shellcheck disable=SC2086
for package in $packages $kernels; do
    chroot "$root" sh -c "cd /debs && apt-get download -qq $package:arm64"
done
for deb in "$root"/debs/linux-*.deb; do dpkg -x "$deb" "$folder/kernel"; rm "$deb"; done
for deb in "$root"/debs/*.deb; do dpkg -x "$deb" "$folder/debs"; done
cp -a "$folder"/debs/. "$machine"
[ -e "$machine/lib" ] || ln -s usr/lib "$machine/lib"
[ -e "$machine/bin" ] || ln -s usr/bin "$machine/bin"
find "$folder/kernel" \( -name 'inet_diag.ko*' -o -name 'tcp_diag.ko*' \) -exec cp {} "$machine/tmp" \;
find "$machine/tmp" -name '*.xz' -exec unxz {} \;
mkdir -p "$machine/src/target/$target"/{debug,tmp}
cp -r "$root"/src/{tests,chapters,book,Cargo.toml,README.md} "$machine/src"
find "$root/src/target/$target/debug" -maxdepth 1 -type f -exec cp {} "$machine/src/target/$target/debug" \;
programs=()
for name in sockets programs; do
    program=$(sed -n "s|.*(\(target/$target/debug/deps/$name-[0-9a-f]*\))|\1|p" "$root/built" | tail -1)
    mkdir -p "$machine/src/target/$target/debug/deps"
    cp "$root/src/$program" "$machine/src/$program"
    programs+=("$program")
done
cat >"$machine/init" <<INIT
#!/bin/busybox sh
busybox --install -s /usr/bin 2>/dev/null
export PATH=/usr/bin:/usr/sbin HOME=/tmp RUST_TEST_THREADS=1 INSTA_WORKSPACE_ROOT=/src CARGO_MANIFEST_DIR=/src INSTA_UPDATE=no RUST_BACKTRACE=0
busybox mount -t proc proc /proc; busybox mount -t sysfs sys /sys; busybox mount -t devtmpfs dev /dev
busybox mkdir -p /dev/pts /usr/bin; busybox ip link set lo up
busybox insmod /tmp/inet_diag.ko; busybox insmod /tmp/tcp_diag.ko
cd /src && busybox uname -srm
target/$target/debug/04-use-after-close --compare; echo "exit status \$?"
${programs[0]}
${programs[1]} $tests
busybox poweroff -f
INIT
chmod +x "$machine/init"
(cd "$machine" && find . | cpio --quiet -o -H newc) >"$folder/initrd"
qemu-system-aarch64 -machine virt -cpu cortex-a72 -smp 2 -m 4G -nographic -no-reboot -nic none \
    -kernel "$(find "$folder/kernel" -name "vmlinuz*" | sort | tail -1)" -initrd "$folder/initrd" -append "console=ttyAMA0 quiet panic=-1"
