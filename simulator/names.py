"""Names of people and companies, and their web addresses, all made up. No one can own a domain in .example.

A few names hold commas, quotes, accents and line breaks, because real ones do and files must survive them.
"""

import unicodedata
from dataclasses import dataclass

from simulator.company import Company
from simulator.draws import Draws


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


FIRST = _words(
    """
    Aaliyah Adam Aiko Alejandro Amara Amélie Andre Anjali Anna Arjun Astrid Ben Bianca Björn Brianna Caleb
    Camille Carlos Carmen Cédric Chen Chidi Chloé Claire Connor Daniela Darius David Deepa Dmitri Dominic
    Elena Elif Elijah Emeka Emily Erik Esther Ethan Farah Fatima Felix Fiona Francesca Gabriel Grace Greta
    Hana Hannah Hassan Hugo Ibrahim Imani Ines Isaac Ivy Jack Jamal Jana Jasmine Javier Jean-Luc Jin Joanna
    Jonas José Julia Kai Karim Katarina Keisha Kenji Kevin Lars Laura Leila Leo Liam Lina Lucas Lucía Malik
    Mara Marcus Maria Mateo Maya Mei Michael Mina Mohammed Nadia Naomi Nia Nikolai Noah Noor Nora Olga
    Oliver Omar Owen Paula Pedro Petra Priya Quinn Rafael Rahul Rania Rebecca Renée Ricardo Rosa Ruth Ryan
    Sabine Samira Samuel Sanjay Sara Sebastian Selma Sergio Sienna Simone Sofia Søren Stefan Tamara Tariq
    Thea Thomas Tomas Uma Valentina Vera Victor Wei William Xavier Yara Yasmin Yuki Yusuf Zainab Zoë
    """
)

LAST = _words(
    """
    Abara Acheson Adeyemi Ahlberg Akhtar Alvarez Andersson Antonelli Arslan Asante Baker Balogun Banerjee
    Barros Becker Bellweather Bergström Bianchi Blackwood Boateng Bouchard Brandt Brennan Calloway Cardoso
    Castellanos Chandra Chaudhry Cho Christensen Contreras Cooper D'Amico Dahl Danjuma Das Dawson Delacroix
    Diaz Dietrich Diop Dlamini Dubois Eklund El-Amin Espinoza Farrow Fernandes Fitzgerald Fontaine Friedman
    Fujimoto Gallagher García Gebre Ghosh Goldberg Grabowski Guerrero Gunnarsson Gupta Haddad Hakimi
    Halvorsen Hargreave Hashimoto Hernández Hoffmann Horvat Hughes Ibarra Ito Ivanova Jankowski Jansen
    Johansson Joshi Kamau Kapoor Karlsson Kaya Keller Kim Kjær Kowalski Kumar Lachance Larsen Laurent
    Lefèvre Lindqvist Lopez Lundgren Mackenzie Malik Marchetti Marsh Matsuda Mbeki McAllister Mehta Mendoza
    Meyer Mitchell Moreau Morgan Müller Nakamura Navarro Ndiaye Nguyen Novak O'Brien O'Connell Okafor
    Okonkwo Oliveira Olsen Ortega Osei Özdemir Papadopoulos Park Patel Pereira Petrov Popescu Quayle
    Quintero Rahman Ramírez Rao Reyes Richter Rivera Romano Rosenthal Rossi Saito Salazar Sandoval Santos
    Sato Schneider Shah Sharma Silva Singh Sokolov Solberg Stanton Svensson Takahashi Tanaka Tembo Thompson
    Torres Traoré Uddin Vance Vargas Vasquez Vidal Virtanen Wagner Walsh Wang Weiss Whitfield Wójcik Yamada
    Yilmaz Zamora Zhang Zimmermann
    """
)

_HEADS = _words(
    """
    Alder Amber Anchor Apex Arbor Ash Aspen Atlas Aurora Beacon Birch Black Blue Bramble Bridge Bright Brook
    Canyon Cedar Cinder Clear Cliff Cobalt Copper Coral Crest Crown Crystal Delta Dune Eagle East Echo Elm
    Ember Fair Falcon Far Field Flint Forge Fox Frost Glen Gold Granite Gray Green Grove Harbor Hawk Hazel
    Heron High Hill Horizon Iron Ivory Jasper Juniper Keen Kite Lake Lark Laurel Ledger Light Linden Long
    Lumen Lunar Maple Meadow Mesa Mill Mint Moon Moss North Oak Ocean Olive Onyx Opal Orchard Osprey Otter
    Palm Peak Pearl Pebble Pine Pioneer Plain Polar Prairie Quarry Quill Rain Raven Red Reed Ridge River
    Rock Rose Rowan Sable Sage Salt Sand Shore Silver Sky Slate Snow Solar South Spark Spring Spruce Star
    Steel Stone Storm Summit Sun Swift Tall Teal Thorn Tide Timber Trail True Vale Vista Water West White
    Wild Willow Wind Winter Wolf Wood Yarrow
    """
)

_TAILS = _words(
    """
    bank bay beam bell bend bloom bough branch brook burn by cast cliff cove craft crest croft dale den
    drift fall fell field flow fold ford forge gate glen grove guard ham haven hollow house keep land lane
    leaf line link loom mark mere mill mont moor nest path peak pine point pond port quay reach ridge rise
    rock root run scape shed shore side spring stead stone stream sway thorn ton vale view ville wall ward
    ware watch way well wick wood works worth yard
    """
)

_SUFFIXES = (
    "",
    "",
    "",
    "",
    " Inc",
    " Group",
    " Labs",
    " Partners",
    " Systems",
    " Logistics",
    " Health",
    " Foods",
    ", LLC",
    ", Inc.",
)

INDUSTRIES = (
    "Software",
    "Financial Services",
    "Healthcare",
    "Manufacturing",
    "Retail",
    "Logistics",
    "Professional Services",
    "Education",
    "Media",
    "Energy",
)

# As often as it stands here.
COUNTRIES = (
    *("United States",) * 5,
    *("Canada",) * 2,
    *("United Kingdom", "Germany", "Mexico", "Brazil", "Côte d'Ivoire"),
)

_FUNCTIONS = (
    "Sales",
    "Marketing",
    "Operations",
    "Finance",
    "IT",
    "Revenue Operations",
    "Customer Success",
    "Product",
)
_RANKS = ("Manager", "Director", "Head of", "VP", "Senior Manager", "Analyst", "Chief Officer")


@dataclass(slots=True)
class Organisation:
    """A company that might buy."""

    number: int
    name: str
    domain: str
    segment: int
    employees: int
    industry: str
    country: str


@dataclass(slots=True)
class Person:
    """Someone who works there."""

    first: str
    last: str
    title: str
    email: str


class Directory:
    """Makes organisations and people; no two organisations share a domain, no two people an address."""

    def __init__(self, company: Company, seed: int) -> None:
        self._draws = Draws(seed, "organisations")
        self._segments = company.segments
        self._shares = tuple(segment.share for segment in company.segments)
        self._domains: dict[str, int] = {}
        self._addresses: dict[str, int] = {}
        self.organisations: list[Organisation] = []

    def organisation(self, segment: int | None = None) -> Organisation:
        """A company not seen before, of any size or of one segment."""
        draws = self._draws
        segment = draws.weighted(self._shares) if segment is None else segment
        low, high = self._segments[segment].employees
        employees = round(low * (high / low) ** draws.random())
        head, tail = draws.pick(_HEADS), draws.pick(_TAILS)
        stem, second = f"{head}{tail}", ""
        if draws.chance(0.3):
            second = draws.pick(_TAILS).capitalize()
        slug = _once(self._domains, f"{stem}{second}".lower(), "-")
        name = f"{stem} {second}".strip() + draws.pick(_SUFFIXES)
        made = Organisation(
            number=len(self.organisations),
            name=_awkward(name, draws),
            domain=f"{slug}.example",
            segment=segment,
            employees=employees,
            industry=draws.pick(INDUSTRIES),
            country=draws.pick(COUNTRIES),
        )
        self.organisations.append(made)
        return made

    def person(self, organisation: Organisation) -> Person:
        """Someone who works at an organisation."""
        draws = self._draws
        first, last = draws.pick(FIRST), draws.pick(LAST)
        rank, function = draws.pick(_RANKS), draws.pick(_FUNCTIONS)
        title = f"{rank} {function}" if rank == "Head of" else f"{function} {rank}"
        if rank == "VP":
            title = f"VP, {function}" if draws.chance(0.5) else f"VP {function}"
        address = f"{_ascii(first)}.{_ascii(last)}@{organisation.domain}"
        return Person(first, last, title, _once_address(self._addresses, address))


def rep_name(draws: Draws, taken: dict[str, int]) -> tuple[str, str]:
    """A first and last name no colleague has."""
    while True:
        first, last = draws.pick(FIRST), draws.pick(LAST)
        if f"{first} {last}" not in taken:
            taken[f"{first} {last}"] = 1
            return first, last


def address_of(first: str, last: str, domain: str) -> str:
    """The work e-mail address of a colleague."""
    return f"{_ascii(first)}.{_ascii(last)}@{domain}"


def _awkward(name: str, draws: Draws) -> str:
    """About one name in three hundred, made as awkward as some real ones."""
    if not draws.chance(0.0033):
        return name
    kind = draws.between(0, 3)
    if kind == 0:
        return f'{name} "{name.split()[0][:3].upper()}"'
    if kind == 1:
        return f"{name}, Söhne & Cie"
    if kind == 2:
        return f"{name}\nNorth America"
    return f"L'{name} – São Paulo"


def _once(taken: dict[str, int], slug: str, joint: str) -> str:
    count = taken.get(slug, 0) + 1
    taken[slug] = count
    return slug if count == 1 else f"{slug}{joint}{count}"


def _once_address(taken: dict[str, int], address: str) -> str:
    local, domain = address.split("@")
    count = taken.get(address, 0) + 1
    taken[address] = count
    return address if count == 1 else f"{local}{count}@{domain}"


def _ascii(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name.replace("ø", "o").replace("æ", "ae"))
    return "".join(c for c in plain.lower() if c.isascii() and (c.isalpha() or c == "-"))
