#!/usr/bin/env bash
# Sets up what Rubrica needs on a Debian 12 machine, with a software HSM in this folder:
#
#   ./SoftHSM-setup.sh                  SoftHSM 2, the libraries the server links, and a token in tokens/
#   ./SoftHSM-setup.sh --opencryptoki   the above, and a token of opencryptoki, with a profile in tokens/
#   ./SoftHSM-setup.sh --tests          the first, and the foreign tools that the tests call
#
# The token is the project's own (tokens/), never the system's. Its PINs are random and stand in secrets/, readable
# by the owner alone. It can be run again at any time: what is there is kept, above all the token and its keys.
#
# opencryptoki's token is in the slot of the tests, which make it anew: then --opencryptoki does so too, and what it held is
# lost. It is for trying out.
#
# Both change the machine, for a second PKCS#11 module: they add a slot for the tests (9) to
# /etc/opencryptoki/opencryptoki.conf with a folder of its own in /var/lib/opencryptoki, and start the daemon pkcsslotd, anew
# if it runs without that slot. Never while it serves other tokens: then they ask you to. Where PostgreSQL was never
# installed, --tests also sees to it that the package makes no database of the system's
# (/etc/postgresql-common/createcluster.conf).

set -euo pipefail
umask 077

readonly TOKEN_LABEL=rubrica
PROJECT=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
readonly PROJECT
readonly TOKENS=$PROJECT/tokens
readonly SECRETS=$PROJECT/secrets
readonly VENV=${CARGO_TARGET_DIR:-$PROJECT/target}/foreign/venv
readonly DSS=${CARGO_TARGET_DIR:-$PROJECT/target}/foreign/dss
readonly S3=${CARGO_TARGET_DIR:-$PROJECT/target}/foreign/s3
readonly S3_SERVER=s3s-fs@0.12.0
readonly OPENCRYPTOKI_CONF=/etc/opencryptoki/opencryptoki.conf
readonly OPENCRYPTOKI_TOKENS=/var/lib/opencryptoki
readonly OPENCRYPTOKI_TOKEN=rubrica-tests
readonly OPENCRYPTOKI_SLOT=9
readonly OPENCRYPTOKI_MODULE=/usr/lib/x86_64-linux-gnu/opencryptoki/libopencryptoki.so.0
readonly POSTGRESQL_CLUSTERS=/etc/postgresql
readonly POSTGRESQL_CONF=/etc/postgresql-common/createcluster.conf
export SOFTHSM2_CONF=$TOKENS/softhsm2.conf

# What the server needs to be built, set up and run: the token, PostgreSQL's client library, and openssl for keys and
# certificates.
readonly SERVER_PACKAGES=(softhsm2 libpq-dev pkg-config openssl)
# The second PKCS#11 module.
readonly OPENCRYPTOKI_PACKAGES=(opencryptoki opensc procps)
# What judges its output in the tests, and the database they start themselves.
readonly TEST_PACKAGES=(
    softhsm2 "${OPENCRYPTOKI_PACKAGES[@]}" curl poppler-utils qpdf default-jdk-headless maven postgresql python3
    python3-venv
)
# The versions the tests were written against.
readonly PYTHON_PACKAGES=(
    pyHanko==0.38.0 pyhanko-cli==0.6.0 pkilint==0.13.3 cryptography==50.0.2 asn1crypto==1.5.1
)

main() {
    case "${1-}" in
        '') set_up_server ;;
        --tests)
            set_up_server
            set_up_tests
            ;;
        --opencryptoki)
            set_up_server
            install_packages "${OPENCRYPTOKI_PACKAGES[@]}"
            set_up_opencryptoki
            make_opencryptoki_token
            ;;
        -h | --help) sed -n '2,18s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" ;;
        *) fail "unknown argument: $1 (try --help)" ;;
    esac
}

set_up_server() {
    install_packages "${SERVER_PACKAGES[@]}"
    write_configuration
    write_pins
    make_token
}

set_up_tests() {
    make_no_postgresql_cluster
    install_packages "${TEST_PACKAGES[@]}"
    set_up_opencryptoki
    build_s3_server
    make_python_environment
    build_dss_judge
}

# Installs the Debian packages that are missing; silent when none is.
install_packages() {
    local missing=() package
    for package in "$@"; do
        is_installed "$package" || missing+=("$package")
    done
    ((${#missing[@]})) || return 0

    ((EUID == 0)) || command -v sudo >/dev/null ||
        cannot_install "this needs root, and there is no sudo" "${missing[@]}"
    command -v apt-get >/dev/null || cannot_install "this is no Debian (no apt-get)" "${missing[@]}"
    say "installing ${missing[*]}"
    as_root apt-get update -qq >/dev/null || cannot_install "apt-get update failed" "${missing[@]}"
    # Configuration that is there already is kept as it is.
    as_root env DEBIAN_FRONTEND=noninteractive UCF_FORCE_CONFFOLD=1 apt-get install -y -qq --no-install-recommends \
        "${missing[@]}" >/dev/null || cannot_install "apt-get install failed" "${missing[@]}"
}

# A fresh PostgreSQL package would make and start a database of the system's; the tests start their own.
make_no_postgresql_cluster() {
    ! is_installed postgresql || return 0
    [[ ! -e $POSTGRESQL_CONF ]] && ! compgen -G "$POSTGRESQL_CLUSTERS/*/*" >/dev/null || return 0
    as_root install -d -m 755 "${POSTGRESQL_CONF%/*}"
    as_root install -m 644 /dev/stdin "$POSTGRESQL_CONF" <<<'create_main_cluster = false'
    say "wrote $POSTGRESQL_CONF: PostgreSQL's package makes no database"
}

as_root() {
    if ((EUID == 0)); then "$@"; else sudo "$@"; fi
}

is_installed() {
    [[ $(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null) == installed ]]
}

cannot_install() {
    local why=$1
    shift
    fail "$why; install these yourself and run me again: $*"
}

# tokens/softhsm2.conf, from the template.
write_configuration() {
    [[ $TOKENS != *'#'* ]] || fail "SoftHSM takes what follows a # for a comment: move the project to a folder without one"
    mkdir -p "$TOKENS"
    local template wanted
    template=$(<"$PROJECT/hsm-config/softhsm2.conf")
    # In quotes: Bash takes a bare & for what was found.
    wanted=${template//@TOKENS@/"$TOKENS"}
    if [[ ! -f $SOFTHSM2_CONF ]]; then
        printf '%s\n' "$wanted" >"$SOFTHSM2_CONF"
        say "wrote tokens/softhsm2.conf"
    elif ! grep -qxF "directories.tokendir = $TOKENS" "$SOFTHSM2_CONF"; then
        # The folder was moved or copied; the tokens moved along.
        name_folder
        say "tokens/softhsm2.conf now names this folder"
    fi
}

# Puts this folder's name into tokens/softhsm2.conf; whatever else is in there stays.
name_folder() {
    local line lines=()
    while IFS= read -r line || [[ -n $line ]]; do
        [[ $line != directories.tokendir* ]] || line="directories.tokendir = $TOKENS"
        lines+=("$line")
    done <"$SOFTHSM2_CONF"
    printf '%s\n' "${lines[@]}" >"$SOFTHSM2_CONF"
}

# Random PINs, unless there are some: those belong to the token.
write_pins() {
    mkdir -p "$SECRETS"
    chmod 700 "$SECRETS"
    local file
    for file in hsm-pin hsm-so-pin; do
        if [[ ! -s $SECRETS/$file ]]; then
            ! token_exists || fail "the token \"$TOKEN_LABEL\" is there, but secrets/$file is not: put it back, or move tokens/ away to start anew (its keys are lost then)"
            random_pin >"$SECRETS/$file"
            say "wrote secrets/$file"
        fi
        chmod 600 "$SECRETS/$file"
    done
}

random_pin() {
    # 96 bits, in digits and letters that any token takes.
    od -An -N12 -tx1 /dev/urandom | tr -d ' \n'
    echo
}

make_token() {
    if token_exists; then
        say "the token \"$TOKEN_LABEL\" is there"
        return
    fi
    local so_pin pin
    so_pin=$(<"$SECRETS/hsm-so-pin")
    pin=$(<"$SECRETS/hsm-pin")
    # softhsm2-util takes PINs as arguments, which every user of the machine can read, or from a terminal: so it
    # gets one. printf is the shell's own and has no arguments that others see.
    local said
    said=$(printf '%s\n' "$so_pin" "$so_pin" "$pin" "$pin" |
        script --quiet --return --command \
            "softhsm2-util --init-token --free --label $TOKEN_LABEL" /dev/null) ||
        fail "softhsm2-util could not make the token: $(without_pins "$said" "$so_pin" "$pin")"
    token_exists || fail "softhsm2-util made no token"
    say "made the token \"$TOKEN_LABEL\" in tokens/"
}

# What a program said, should a terminal have shown it a PIN.
without_pins() {
    local text=$1 pin
    shift
    for pin in "$@"; do text=${text//"$pin"/***}; done
    printf '%s' "$text"
}

token_exists() {
    softhsm2-util --show-slots 2>/dev/null | grep -qE "^ *Label: *$TOKEN_LABEL *\$"
}

# The second PKCS#11 module. Its daemon serves the machine's tokens and no others, so the tests get a slot of their own
# among them; tokens that are there stay as they are.
set_up_opencryptoki() {
    if ! grep -qx "tokname = $OPENCRYPTOKI_TOKEN" "$OPENCRYPTOKI_CONF"; then
        local folder=$OPENCRYPTOKI_TOKENS/$OPENCRYPTOKI_TOKEN
        as_root install -d -m 770 -g pkcs11 "$folder" "$folder/TOK_OBJ"
        printf '\nslot %s\n{\nstdll = libpkcs11_sw.so\ntokname = %s\n}\n' "$OPENCRYPTOKI_SLOT" "$OPENCRYPTOKI_TOKEN" |
            as_root tee -a "$OPENCRYPTOKI_CONF" >/dev/null
        say "made slot $OPENCRYPTOKI_SLOT in opencryptoki for the tests"
    fi
    join_opencryptoki
    # The daemon reads its configuration once.
    if daemon_runs && ! daemon_has_the_slot; then
        ! daemon_serves_others ||
            fail "opencryptoki's daemon must be started anew to see slot $OPENCRYPTOKI_SLOT, and it serves tokens of others: when nobody uses them, do it yourself (sudo pkill -x pkcsslotd; sudo pkcsslotd), and run me again"
        stop_daemon
    fi
    daemon_runs || start_daemon
}

join_opencryptoki() {
    if ((EUID != 0)) && ! id -nG | grep -qw pkcs11; then
        fail "for opencryptoki you must be in the group pkcs11: sudo adduser $USER pkcs11, log in again, and run me again"
    fi
}

# A token in the tests' slot, to be tried out, and a profile that names it. No slot of its own: opencryptoki 3.8.1 takes the
# public keys of one software token for those of another.
make_opencryptoki_token() {
    local pin_file=$SECRETS/opencryptoki-pin profile=$TOKENS/opencryptoki.toml
    # Waits for tests that use it.
    exec {folder}<"$OPENCRYPTOKI_TOKENS/$OPENCRYPTOKI_TOKEN"
    flock "$folder"
    local said
    if [[ -s $pin_file ]] && PIN=$(<"$pin_file") opencryptoki_tool --list-objects --login --pin env:PIN; then
        say "the token in opencryptoki's slot $OPENCRYPTOKI_SLOT is there"
    else
        make_opencryptoki_token_anew
        say "made the token \"$TOKEN_LABEL\" in opencryptoki's slot $OPENCRYPTOKI_SLOT; its PIN is in secrets/opencryptoki-pin"
    fi
    chmod 600 "$pin_file"
    local template
    template=$(<"$PROJECT/hsm-config/opencryptoki.toml")
    printf '%s\n' "${template/slot = 3/slot = $OPENCRYPTOKI_SLOT}" >"$profile"
    say "wrote tokens/opencryptoki.toml"
}

# PINs go by the environment, which other users cannot read. The token takes four to eight characters; 87654321 is what
# every new one has. A PIN that the security officer set must be changed before use.
make_opencryptoki_token_anew() {
    local said first pin OFFICER=87654321 FIRST PIN
    first=$(random_pin)
    pin=$(random_pin)
    FIRST=${first:0:8} PIN=${pin:0:8}
    export OFFICER FIRST PIN
    opencryptoki_tool --init-token --label "$TOKEN_LABEL" --so-pin env:OFFICER &&
        opencryptoki_tool --init-pin --login --login-type so --so-pin env:OFFICER --new-pin env:FIRST &&
        opencryptoki_tool --change-pin --login --pin env:FIRST --new-pin env:PIN ||
        fail "pkcs11-tool could not make the token in opencryptoki's slot $OPENCRYPTOKI_SLOT: $said"
    printf '%s\n' "$PIN" >"$pin_file"
}

# What it said is left in the variable `said`.
opencryptoki_tool() {
    said=$(pkcs11-tool --module "$OPENCRYPTOKI_MODULE" --slot "$OPENCRYPTOKI_SLOT" "$@" 2>&1)
}

# By systemd where that started it, so that its unit tells the truth afterwards.
stop_daemon() {
    if systemd_runs && systemctl is-active --quiet pkcsslotd; then
        as_root systemctl stop pkcsslotd
    else
        as_root pkill -x pkcsslotd
    fi
    local tries
    for ((tries = 0; tries < 100; tries++)); do
        daemon_runs || return 0
        sleep 0.1
    done
    fail "opencryptoki's daemon does not stop: end the process pkcsslotd, and run me again"
}

start_daemon() {
    if systemd_runs; then as_root systemctl start pkcsslotd; else as_root pkcsslotd; fi
}

systemd_runs() {
    [[ -d /run/systemd/system ]]
}

# Where that cannot be told, no second daemon may be started.
daemon_runs() {
    command -v pgrep >/dev/null || fail "pgrep is missing: install the package procps, and run me again"
    pgrep -x pkcsslotd >/dev/null
}

daemon_has_the_slot() {
    pkcsconf -s -c "$OPENCRYPTOKI_SLOT" >/dev/null 2>&1
}

# Whether a token in another slot is initialised, or that cannot be told.
daemon_serves_others() {
    local tokens
    tokens=$(pkcsconf -t 2>/dev/null) || return 0
    awk -v "own=#$OPENCRYPTOKI_SLOT" '
        $1 == "Token" { slot = $2 }
        $1 == "Flags:" && /TOKEN_INITIALIZED/ && slot != own { others = 1 }
        END { exit !others }
    ' <<<"$tokens"
}

# The Python tools, in an environment of their own under target/.
make_python_environment() {
    local wanted
    wanted=$(printf '%s\n' "${PYTHON_PACKAGES[@]}")
    if [[ -f $VENV/installed && $(<"$VENV/installed") == "$wanted" ]]; then
        return
    fi
    say "installing ${PYTHON_PACKAGES[*]} in ${VENV#"$PROJECT"/}"
    python3 -m venv "$VENV"
    "$VENV/bin/pip" install --quiet --disable-pip-version-check "${PYTHON_PACKAGES[@]}" ||
        fail "pip could not install the Python tools"
    printf '%s\n' "$wanted" >"$VENV/installed"
}

# An S3 server for the tests of documents in a bucket.
build_s3_server() {
    [[ -f $S3/installed && $(<"$S3/installed") == "$S3_SERVER" ]] && return
    say "building $S3_SERVER in ${S3#"$PROJECT"/}"
    cargo install --quiet --locked --debug --force --features binary --root "$S3" "$S3_SERVER" ||
        fail "cargo could not build $S3_SERVER"
    printf '%s\n' "$S3_SERVER" >"$S3/installed"
}

# EU DSS and a small program around it, in target/. Maven fetches it now; the tests run it without the network.
build_dss_judge() {
    local sources=$PROJECT/tests/foreign/dss wanted
    wanted=$(cat "$sources/pom.xml" "$sources"/src/main/java/*.java | sha256sum)
    if [[ -f $DSS/installed && $(<"$DSS/installed") == "$wanted" ]]; then
        return
    fi
    say "building EU DSS's judge in ${DSS#"$PROJECT"/}"
    rm -rf "$DSS"
    mkdir -p "$DSS"
    mvn --quiet --batch-mode -Dstyle.color=never --file "$sources/pom.xml" -Doutput="$(cd "$DSS" && pwd)" package ||
        fail "Maven could not build tests/foreign/dss"
    printf '%s\n' "$wanted" >"$DSS/installed"
}

say() {
    printf 'SoftHSM-setup: %s\n' "$*"
}

fail() {
    printf 'SoftHSM-setup: %s\n' "$*" >&2
    exit 1
}

main "$@"
