# What the emulations have in common. Read by them, not run.

# Installs those of the Debian packages that are missing.
need() {
  missing=""
  for package in "$@"; do
    dpkg -s "$package" 2>&1 | grep -q "^Status: install ok" || missing="$missing $package"
  done
  [ -n "$missing" ] || return 0
  echo "installing:$missing"
  sudo=""
  [ "$(id -u)" = 0 ] || sudo=sudo
  $sudo apt-get update -qq
  # shellcheck disable=SC2086
  DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq --no-install-recommends $missing >/dev/null
}

# Runs Bochs as a Skylake-X for so many seconds at most; further lines of its configuration come from standard input.
# usage: emulate SECONDS INSTRUCTIONS-A-SECOND MEGABYTES
emulate() {
  { cat; cat <<END; } >bochsrc
config_interface: textconfig
display_library: term
cpu: model=corei7_skylake_x, count=1, ips=$2, reset_on_triple_fault=0
memory: guest=$3, host=$3
romimage: file=/usr/share/bochs/BIOS-bochs-latest
vgaromimage: file=/usr/share/vgabios/vgabios.bin
log: bochs.log
panic: action=fatal
END
  # Bochs has a debugger that waits for \`c\`, to continue; its display is a terminal of its own that nobody sees.
  echo c | TERM=vt100 timeout -s KILL "$1" bochs -q -f bochsrc 2>bochs.err
}
