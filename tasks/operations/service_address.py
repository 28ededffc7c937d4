"""A service's own address (IPv4), beside those of its host, which moves along with it. Returns shell text and runs nothing.

The file that sets it when the machine starts leaves the old host and comes to the new one; what is set now changes at once, and the neighbours are
told, since they remember where the address was. In a simulated copy, which has other addresses, the old host simply has nothing to take away.
Sources: ip-address(8), interfaces(5), packet(7), RFC 5227 2.3 (announcing an address).
"""

from __future__ import annotations

from tasks.operations.scripts import fill

_WORDS = r"""saved="$CHANGE_DIR/saved/address"; bare=@bare@
holders() { ip -o -4 address show to "$bare/32"; }  # a line for each interface that has it
announce() {  # the interface: an ARP request of this address for itself, to everybody
  perl -e 'my ($dev, $ip) = @ARGV;
    sub told { open(my $file, "<", "/sys/class/net/$dev/$_[0]") or die; my $line = <$file>; chomp $line; $line }
    my $mac = pack("H12", told("address") =~ tr/://dr); my $own = pack("C4", split /\./, $ip); my $all = "\xff" x 6;
    socket(my $wire, 17, 3, 0) or die "$!\n";
    for (1, 2) { defined send($wire, $all . $mac . pack("nnnCCn", 0x0806, 1, 0x0800, 6, 4, 1) . $mac . $own . "\0" x 6 . $own, 0,
      pack("SniSCCa8", 17, 0x0806, told("ifindex"), 1, 0, 6, $all)) or die "$!\n" }' "$1" "$bare" ||
    echo "the neighbours were not told; they find $bare when they forget where it was" >&2
}
"""
_LEAVE = _WORDS + r"""if [ ! -e "$saved" ]; then
  if [ -e @file@ ]; then cp -p @file@ "$saved.new"; sync "$saved.new"; mv "$saved.new" "$saved.file"; fi
  # its interface, address with length, broadcast address and label
  holders | awk '{ for (i = 5; i < NF; i++) if ($i == "brd") brd = "broadcast " $(i + 1)
    sub(/\\.*/, ""); print $4, brd, "dev", $2, "label", $NF }' >"$saved.new"
  sync "$saved.new"; mv "$saved.new" "$saved"
fi
rm -f @file@
holders | while read -r _ dev _ address _; do ip address del "$address" dev "$dev"; done
"""
_LEFT = _WORDS + r"""[ ! -e @file@ ]
[ ! "$(holders)" ]
"""
_RETURN = _WORDS + r"""if [ -e "$saved" ]; then
  if [ -e "$saved.file" ]; then cp -p "$saved.file" @hidden@; sync @hidden@; mv @hidden@ @file@; fi
  while read -r words; do
    [ "$(holders)" ] || ip address add $words
    announce "$(holders | awk '{ print $2; exit }')"
  done <"$saved"
fi
"""
_ARRIVE = _WORDS + r"""dev=@interface@
[ -e "/sys/class/net/$dev" ] || dev=$(ip -o route show default | awk '{ print $5; exit }')  # a copy's interfaces have other names
: >"$saved.ours"; sync "$saved.ours"
printf '%s' @content@ >@hidden@; chmod @mode@ @hidden@; sync @hidden@; mv @hidden@ @file@
[ "$(holders)" ] || ip address add @address@ broadcast + dev "${dev:-lo}"
announce "${dev:-lo}"
"""
_ARRIVED = _WORDS + r"""[ -e @file@ ]
[ "$(holders)" ]
"""
_GO = _WORDS + r"""if [ -e "$saved.ours" ]; then
  rm -f @file@
  holders | while read -r _ dev _ address _; do ip address del "$address" dev "$dev"; done
fi
"""


def _placed(text: str, bare: str, file: str, **more: str) -> str:
    folder, _, name = file.rpartition("/")
    return fill(text, bare=bare, file=file, hidden=f"{folder}/.{name}.standfast", **more)


def leave(bare: str, file: str) -> str:
    """Old host: without the address, now and when it starts. bare: "192.0.2.80"; file: sets it and nothing else."""
    return _placed(_LEAVE, bare, file)


def left(bare: str, file: str) -> str:
    return _placed(_LEFT, bare, file)


def come_back(bare: str, file: str) -> str:
    """Old host: with it as before; nothing if it never left."""
    return _placed(_RETURN, bare, file)


def arrive(address: str, interface: str, file: str, content: str, mode: str) -> str:
    """New host: with it, now and when it starts. address: with its length, "192.0.2.80/24"; content, mode: of the file."""
    return _placed(_ARRIVE, address.partition("/")[0], file, address=address, interface=interface, content=content, mode=mode)


def arrived(bare: str, file: str) -> str:
    return _placed(_ARRIVED, bare, file)


def go(bare: str, file: str) -> str:
    """New host: without it again."""
    return _placed(_GO, bare, file)
