# SPDX-License-Identifier: Apache-2.0
# What Debian 12 and 13 must have installed; sourced by the scripts that need it.

build_packages=(
        gcc libc6-dev meson ninja-build pkg-config musl-tools linux-libc-dev
        libsystemd-dev libsqlite3-dev libarchive-dev zlib1g-dev libzstd-dev libisal-dev libjansson-dev libsmartcols-dev libssl-dev
        libseccomp-dev libcurl4-openssl-dev libinih-dev libcmocka-dev busybox-static xz-utils
)

test_packages=(
        clang bats jq python3 python3-dbusmock python3-gi python3-docutils universal-ctags valgrind dbus-daemon systemd procps util-linux zstd gzip strace
        docker-registry skopeo umoci buildah podman bzip2 apache2-utils libcap2-bin curl openssl
        mmdebstrap qemu-system-x86 qemu-utils e2fsprogs lz4 debian-archive-keyring
)

# install_missing PACKAGE...: installs those that are not there; without a network that is fine where none is missing.
install_missing() {
        local missing=() package
        for package in "$@"; do
                [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing+=("$package")
        done
        [ ${#missing[@]} -gt 0 ] || return 0
        [ "$(id -u)" = 0 ] || { echo "These packages are missing and only root can install them: ${missing[*]}" >&2; return 1; }
        echo "Installing ${missing[*]}"
        export DEBIAN_FRONTEND=noninteractive
        apt-get -qq update &&
                apt-get -qq install -y --no-install-recommends -o Dpkg::Use-Pty=0 "${missing[@]}" </dev/null >/dev/null
}
