"""Text files as people bring them: read as what they are, or refused with what would read them."""

import bz2
import gzip
import io
import lzma
import os
import random
import re
from typing import NamedTuple

import networkx as nx

from simplex.cli import main
from tests.cases import over


class Good(NamedTuple):
    """A file that is read: its f-vector, and a part of what stderr says (empty: nothing)."""

    name: str
    content: str | bytes
    f_vector: tuple[int, ...]
    said: str = ""
    options: tuple[str, ...] = ()


class Bad(NamedTuple):
    """A file that is refused, and a part of the reason."""

    name: str
    content: str | bytes
    reason: str
    options: tuple[str, ...] = ()


TRIANGLE, PATH = (3, 3, 1), (3, 2)
RP2 = "0 1 4\n0 1 5\n0 2 3\n0 2 4\n0 3 5\n1 2 3\n1 2 5\n1 3 4\n2 4 5\n3 4 5\n"
MATRIX = "0 1 1 0\n1 0 1 0\n1 1 0 1\n0 0 1 0\n"
LENGTHS = "0,1.5,2\n1.5,0,1\n2,1,0\n"


def written(writer, graph, **options):
    """What a writer of networkx puts into a file."""
    out = io.BytesIO()
    writer(graph, out, **options)
    return out.getvalue()


DISTANCES = ("--format", "distances", "--max-edge-length", "1.6")
POINTS = ("--format", "points", "--max-edge-length", "1.6")
TRIANGLE_OF_DISTANCES = "0\n1 0\n2 1.5 0\n"
WIDE = " ".join(map(str, range(40))) + "\n0 41\n"
GRID_POINTS = "".join(f"{i} {j}\n" for i in range(3) for j in range(4))
GRID = nx.grid_2d_graph(3, 3)
NAMES = nx.Graph([("ann", "bob"), ("bob", "cy"), ("cy", "ann")])
WEIGHTED = nx.Graph()
WEIGHTED.add_weighted_edges_from([("ann", "bob", 2), ("bob", "cy", 0.5), ("cy", "ann", 1)])

GOOD = [
    # separators
    Good("tab.tsv", "Rome, IT\tOslo\nOslo\tBonn\nBonn\tRome, IT\n", TRIANGLE),
    Good(
        "tab_commas.tsv", "Rome, IT\tOslo, NO\nOslo, NO\tBonn, DE\nBonn, DE\tRome, IT\n", TRIANGLE
    ),
    Good("semicolon.csv", "Smith, J.;Doe, K.\nDoe, K.;Roe, L.\nRoe, L.;Smith, J.\n", TRIANGLE),
    Good("list_last.csv", "ann,bob,x;y\nbob,cy,x;z\ncy,ann,y;z\n", TRIANGLE, "column 3 ignored"),
    Good("decimals.csv", "Source;Target;Weight\na;b;0,5\nb;c;1,5\nc;a;2,0\n", TRIANGLE, "Weight"),
    Good("decimals.txt", "a b 0,5\nb c 1,5\nc a 2\n", TRIANGLE, "column 3 ignored"),
    Good("excel.csv", "sep=;\r\nSource;Target\r\na a;b,b\r\nb,b;c\r\nc;a a\r\n", TRIANGLE),
    Good("padded.csv", "1,\t2\n2,\t3\n3,\t1\n", TRIANGLE),
    Good("aligned.txt", "1   2\n 2\t 3\n3      1 \n", TRIANGLE),
    Good("two_tabs.tsv", "a\t\tb\nb\t\tc\nc\t\ta\n", TRIANGLE),
    Good("old_mac.csv", "a,b\rb,c\rc,a\r", TRIANGLE),
    Good("trailing.csv", "a,b,\nb,c,\nc,a,\n", TRIANGLE),
    Good("spaces.csv", "New York,Los Angeles\nLos Angeles,Rio\nRio,New York\n", TRIANGLE),
    Good("alone.csv", "New York,Rio\nRio,Bonn\nLos Angeles\n", (4, 2)),
    Good("bars.txt", "a|b\nb|c\nc|a\n", TRIANGLE, options=("--delimiter", "|")),
    Good("arrows.txt", "a -> b\nb -> c\nc -> a\n", TRIANGLE, options=("--delimiter=->",)),
    Good("forced.csv", "a;b,c;d\nc;d,a;b\n", (2, 1), options=("--delimiter", "comma")),
    # quotes
    Good("quotes.csv", '"a, b","c ""d"""\n"c ""d""",e\ne,"a, b"\n', TRIANGLE),
    Good("quotes.txt", '"a b" "c d"\n"c d" e\ne "a b"\n', TRIANGLE),
    Good("inch.csv", '5" pipe,valve\nvalve,7" pipe\n7" pipe,5" pipe\n', TRIANGLE),
    Good("r.txt", '"from" "to"\n"1" "a" "b"\n"2" "b" "c"\n"3" "c" "a"\n', TRIANGLE, "1, numbers"),
    Good("quoted_mark.csv", '"#a",b\nb,"#c"\n', PATH, options=("--comments", "none")),
    # comments
    Good("snap.txt", "# Nodes: 3 Edges: 3\n# FromNodeId\tToNodeId\n0\t1\n1\t2\n2\t0\n", TRIANGLE),
    Good("konect.tsv", "% sym unweighted\n% 3 3 3\n1 2 \n2 3 \n3 1 \n", TRIANGLE),
    Good("konect_weights.tsv", "% sym weighted\n1 2 5\n2 3 1\n3 1 4\n", TRIANGLE, "column 3"),
    Good("fragments.txt", "h://o#A h://o#B\nh://o#B h://o#C\nh://o#C h://o#A\n", TRIANGLE),
    Good("sharp.csv", "source,target\nc#,f#\nf#,.net\n.net,c#\n", TRIANGLE),
    Good("late.txt", "a b\n# more\nb c # and more\nc a\n", TRIANGLE),
    Good("out_commented.txt", "1 2\n#2 9\n2 3\n3 1\n", TRIANGLE),
    Good("numbers.csv", "1,2 # one\n2,3 # two, three\n3,1\n", TRIANGLE),
    Good(
        "tags.tsv", "ann\t#love\n#love\tbob\nbob\tann\n", TRIANGLE, options=("--comments", "none")
    ),
    Good("rooms.csv", "Room #5,Hall #3\nHall #3,Yard\nYard,Room #5\n", TRIANGLE),
    Good("under_heading.csv", "source,target\n# made today\na,b\nb,c\n", PATH),
    # headings and columns
    Good("v_w.csv", "v;w\nBarking;West Ham\nWest Ham;Bow\nBow;Barking\n", TRIANGLE),
    Good("destination.csv", "Source,Destination\nann,bob\nbob,cy\n", PATH),
    Good("camel.csv", "FromNodeId,ToNodeId\n5,6\n6,7\n", PATH),
    Good("person.csv", "Person A,Person B\nann,bob\nbob,cy\n", PATH),
    Good("odd.csv", "Anfang,Schluss\n1,2\n2,3\n", PATH, "heading 'Anfang Schluss'"),
    Good("third.csv", "id_1,id_2,w\n0,1,3\n1,2,4\n", PATH, "column w ignored"),
    Good(
        "protein.txt",
        "protein1 protein2 score\n9606.P1 9606.P2 490\n9606.P2 9606.P3 1\n",
        PATH,
        "score",
    ),
    Good(
        "gephi.csv",
        "Source,Target,Type,Id,Weight\n1,2,Undirected,0,1.0\n2,3,Undirected,1,1.0\n",
        PATH,
        "Type, Id, Weight",
    ),
    Good(
        "behind.csv", "id,weight,target,source\n0,7,b,a\n1,8,c,b\n", PATH, "columns source, target"
    ),
    Good("pandas.csv", ",source,target\n0,a,b\n1,b,c\n", PATH, "numbers of the lines"),
    Good("pandas_numbers.csv", ",0,1\n0,5,6\n1,6,7\n", PATH, "numbers of the lines"),
    Good(
        "named.csv",
        "who,whom,x\na,b,1\nb,c,2\n",
        PATH,
        "who",
        ("--source", "who", "--target", "whom"),
    ),
    Good(
        "by_number.tsv",
        "A\tpp\tB\nB\tpp\tC\n",
        PATH,
        "column 2 ignored",
        ("--source", "1", "--target", "3"),
    ),
    Good("no_heading.csv", "source,target\nann,bob\n", (4, 2), options=("--no-heading",)),
    Good("met_again.txt", "from to\nto of\nof from\n", TRIANGLE),
    Good("text.tsv", "A\tB\tbinds\t2\nB\tC\tbinds\t4\nC\tA\tbinds\t\n", TRIANGLE, "columns 3, 4"),
    Good("missing_weight.csv", "a,b,1\nb,c,\nc,a,3\n", TRIANGLE, "column 3"),
    Good("fewer.txt", "0 1\n1 2 0.5\n2 0\n", TRIANGLE, "column 3"),
    # names
    Good(
        "nan.csv",
        "Source,Target,Weight\nBran,Hodor,96\nBran,Nan,14\nLuwin,Nan,4\n",
        (4, 3),
        "Weight",
    ),
    Good("na.csv", "DE,NA\nNA,FR\nFR,DE\n", TRIANGLE, "'NA' as a name"),
    Good("zeros.txt", "01 1\n1 001\n", PATH),
    Good("smile.txt", "ann :(\n:( bob\nbob (x)\n", (4, 3)),
    Good("accents.txt", "São\u00a0Paulo Łódź\nŁódź Ōsaka\n", PATH),
    Good("duplicates.txt", "a b\nb a\na b\nb c\n", PATH),
    Good("long.txt", "a " + "b" * 100_000 + "\n" + "b" * 100_000 + " c\n", PATH),
    Good("blank_lines.csv", "a,b\nb,c\n,\n,\n", PATH),
    Good("alike.txt", "n1 n2\nn3 n4\nn4 n5\n", (5, 3), "as an edge"),
    Good("chance.csv", "Wer,Wen\nann,bob\nbob,cy\n", (5, 3), "if it is a heading"),
    Good("isolated.txt", "0\n1\n2\n", (3,)),
    Good("konect.txt", "2 3 1 1082040961\n3 4 1 1082040962\n1 2 1 1082040963\n", (4, 3), "3, 4"),
    # encodings and packing
    Good("latin.txt", "café bar\nbar thé\n".encode("latin-1"), PATH, "Latin-1"),
    Good("windows.txt", "€ bar\nbar “x”\n".encode("cp1252"), PATH, "Windows-1252"),
    Good("unicode.txt", "a b\r\nb c\r\n".encode("utf-16"), PATH),
    Good("big_endian.csv", b"\xfe\xff" + "a,b\nb,c\n".encode("utf-16-be"), PATH),
    Good("mark.csv", "\ufeffsource,target\na,b\nb,c\n", PATH),
    Good("snap.txt.gz", gzip.compress(b"0 1\n1 2\n"), PATH),
    Good("snap.csv.BZ2", bz2.compress(b"0,1\n1,2\n"), PATH),
    Good("snap.edges.xz", lzma.compress(b"0 1\n1 2\n"), PATH),
    Good("hidden.txt", gzip.compress(b"0 1\n1 2\n"), PATH),
    Good("dos.txt", b"0 1\r\n1 2\r\n\x1a", PATH),
    # other tables
    Good("rp2.txt", RP2, (6, 15, 10), "facets of a closed manifold"),
    Good("weights.txt", "0 1 1\n1 2 5\n2 0 3\n", TRIANGLE, "column 3"),
    Good("times.txt", "1 2 1082040961\n2 3 1082155839\n", PATH, "column 3"),
    Good("rp2_edges.txt", RP2, (5, 7, 2), "column 3", ("--format", "edges")),
    Good("disk.txt", "1 2 3\n2 3 4\n", (4, 5, 2), options=("--format", "facets")),
    Good(
        "solid.txt", "v0 v1 v2 v3\n3 5 7 9\n5 7\n", (4, 6, 4, 1), "heading", ("--format", "facets")
    ),
    Good("hyper.csv", "ann,bob,cy\ncy,dan\n", (4, 4, 1), options=("--format", "facets")),
    Good("matrix.txt", MATRIX, (4, 4, 1), options=("--format", "adjacency")),
    Good(
        "named_matrix.csv",
        ",a,b,c\na,0,1,1\nb,1,0,0\nc,1,0,0\n",
        PATH,
        options=("--format", "adjacency"),
    ),
    Good(
        "half.txt",
        "0 1 1\n0 0 1\n0 0 0\n",
        TRIANGLE,
        options=("--format", "adjacency", "--undirected"),
    ),
    Good(
        "lengths.csv", LENGTHS, PATH, options=("--format", "distances", "--max-edge-length", "1.5")
    ),
    Good(
        "cloud.csv",
        "x,y\n0,0\n0,1\n1,0\n",
        PATH,
        "3 points of 2 coordinates",
        options=("--format", "points", "--max-edge-length", "1"),
    ),
    Good(
        "comma_cloud.csv",
        "0;0\n0;1,5\n1,5;0\n",
        PATH,
        "3 points",
        options=("--format", "points", "--max-edge-length", "1.5", "--delimiter", "semicolon"),
    ),
    Good("neighbours.txt", "0: 1 2\n1: 2\n2:\n", TRIANGLE, options=("--format", "adjacency-list")),
    Good("floats.txt", "0.0 1.0\n1.0 2e0\n", PATH, options=("--format", "edges")),
    Good("other.dat", "a b\nb c\n", PATH, options=("--format", "edges")),
    Good(
        "market.mtx",
        "%%MatrixMarket matrix coordinate pattern symmetric\n% x\n4 4 2\n2 1\n3 2\n",
        (4, 2),
    ),
    Good(
        "market.txt",
        "%%MatrixMarket matrix coordinate real general\n3 3 2\n2 1 5\n3 2 7\n",
        PATH,
        options=("--undirected",),
    ),
    Good("sides.csv", "% bip\n1,2\n1,3\n", PATH, "", ("--format", "edges")),
    # networkx
    Good("data.txt", written(nx.write_edgelist, WEIGHTED), TRIANGLE, "attributes"),
    Good("plain.txt", written(nx.write_edgelist, NAMES, data=False), TRIANGLE),
    Good(
        "weights.csv", written(nx.write_weighted_edgelist, WEIGHTED, delimiter=","), TRIANGLE, "3"
    ),
    Good(
        "sides.txt",
        written(nx.bipartite.write_edgelist, nx.complete_bipartite_graph(1, 2), data=False),
        PATH,
    ),
    Good("tuples.txt", written(nx.write_edgelist, GRID), (9, 12), "attributes"),
    Good("tuples.csv", written(nx.write_edgelist, GRID, data=False, delimiter=","), (9, 12)),
    Good("path.adjlist.txt", written(nx.write_adjlist, nx.path_graph(4)), (4, 3)),
    Good(
        "cycle.txt",
        written(nx.write_adjlist, nx.cycle_graph(6)),
        (6, 6),
        options=("--format", "adjacency-list"),
    ),
    Good("dashes.txt", "0 -- 1\n1 -- 2\n", PATH, options=("--delimiter=--",)),
    Good("one_edge.txt", "u v\n", (2, 1)),
    Good("weight.txt", "0 1 5\n1 2 7\n2 0 9\n", TRIANGLE, options=("--weight", "3")),
    Good("names.tsv", "Paris\tNew York\nNew York\tLos Angeles\n", PATH),
    Good("square.txt", TRIANGLE_OF_DISTANCES, (3, 2), "one triangle", DISTANCES),
    Good("bare.csv", "1\n2,1.5\n", (3, 2), "one triangle", DISTANCES),
    Good("upper.txt", "0 1 2\n0 1.5\n0\n", (3, 2), "one triangle", DISTANCES),
    Good("named.txt", "a 0\nb 1 0\nc 2 1.5 0\n", (3, 2), "one triangle", DISTANCES),
    Good("phylip.txt", "3\na 0 1 2\nb 1 0 1.5\nc 2 1.5 0\n", (3, 2), options=DISTANCES),
    Good("index.csv", "id,x,y\n1,0,0\n2,0,1.5\n3,9.5,9\n", (3, 1), "2 coordinates", POINTS),
    Good("wide.txt", WIDE, (41, 781), options=("--format", "facets", "--max-dim", "1")),
    Good("braces.csv", "a,b,{'w': 1, 'x': {'y': 2}}\nb,c,{}\n", PATH, "attributes"),
]

PAJEK = '*Vertices 3\n1 "a"\n2 "b"\n3 "c"\n*Edges\n1 2\n2 3\n'
BAD = [
    Bad("index.txt", "0 1.5 2\n1 0.5 2\n2 2.5 2\n", "'id' above numbers of points", POINTS),
    Bad("upper.txt", "1 2\n1.5\n", "diagonal of zeros", DISTANCES),
    Bad("wide.txt", WIDE, "the 2^40 faces", ("--format", "facets")),
    Bad(
        "wide.txt",
        WIDE,
        "at most --max-simplices 500 simplices, got 822",
        ("--format", "facets", "--max-dim", "1", "--max-simplices", "500"),
    ),
    Bad("numbered.txt", "1 0 1\n2 1 2\n3 0 2\n", "--source 2 --target 3"),
    Bad("neighbours.txt", "0 1 2\n1 0 2\n2 0 1\n", "--format adjacency-list"),
    Bad("grid.txt", GRID_POINTS, "--format points"),
    Bad("lists.tsv", "a\tb,c\nb\ta,c\n", "',' may separate names"),
    Bad("listed.csv", 'node,near\na,"b;c"\nb,"a;c"\n', "';' may separate names"),
    Bad("bars.csv", "a,b|c\nb,a|c\n", "'|' may separate names"),
    Bad("gexf.txt", '<?xml version="1.0"?>\n<gexf>\n</gexf>\n', "got XML"),
    Bad("graphml.txt", '<?xml version="1.0"?>\n<graphml>\n</graphml>\n', "--format graphml"),
    Bad("heading.csv", "Source,Target,Weight\n", "at least one vertex"),
    Bad("grid.csv", GRID_POINTS.replace(" ", ","), "--format points"),
    Bad("lists.csv", "a;b;c\nb;c\nd;a\n", "got 3 here and 2 elsewhere"),
    Bad("tab_lists.tsv", "a\tb c d\nb\tc d\n", "a blank may separate names"),
    Bad("metis.txt", "4 4\n2 4\n1 3\n2 4\n1 3\n", "METIS, whose line i lists"),
    Bad("colon.txt", "a:b,c\nb:c\n", "Put a blank after", ("--format", "adjacency-list")),
    Bad("rows.txt", "0 1 2\n1 2 3\n2 3 4\n", "--format edges or --format facets"),
    Bad("tetrahedra.txt", "0 1 2 3\n1 2 3 4\n", "--format edges or --format facets"),
    Bad("names.csv", "a,b,c\nb,c,d\n", "--format edges or --format facets"),
    Bad("series.csv", "v1,v2,v3\n1,2,3\n2,3,4\n", "--format edges or --format facets"),
    Bad("letters.csv", "u,v,w\n1,2,3\n2,3,4\n", "--format edges or --format facets"),
    Bad("cloud.csv", "0.1,0.2\n0.5,1.5\n", "--format points"),
    Bad("cloud.txt", "x y z\n1 2 3\n4 5 6\n", "--format points"),
    Bad("grid.txt", "0 0 0\n0 0 1\n0 1 0\n0 1 1\n1 0 0\n1 0 1\n1 1 0\n1 1 1\n", "matri"),
    Bad("floats.txt", "0.0 1.0\n1.0 2.0\n", "--format"),
    Bad("values.txt", "ann 0.5\nbob 0.7\n", "--format"),
    Bad("matrix.txt", MATRIX, "--format adjacency"),
    Bad("lengths.csv", LENGTHS, "--format"),
    Bad("named_matrix.csv", ",a,b,c\na,0,1,1\nb,1,0,0\nc,1,0,0\n", "--format adjacency"),
    Bad("incidence.txt", "1 0 1\n0 1 1\n1 1 0\n1 0 0\n", "--format adjacency"),
    Bad("no_radius.csv", "0,1\n1,1\n", "--max-edge-length", ("--format", "points")),
    Bad(
        "oblong.csv",
        "0,1\n1,0\n1,1\n",
        "square",
        ("--format", "distances", "--max-edge-length", "1"),
    ),
    Bad("one_way.txt", "0 1 1\n0 0 1\n0 0 0\n", "--undirected", ("--format", "adjacency")),
    Bad("cycle.txt", written(nx.write_adjlist, nx.cycle_graph(6)), "adjacency-list"),
    Bad(
        "grid_lists.txt",
        written(nx.write_adjlist, nx.convert_node_labels_to_integers(GRID)),
        "adjacency-list",
    ),
    Bad("multiline.txt", written(nx.write_multiline_adjlist, nx.cycle_graph(4)), "two ends"),
    Bad("colons.txt", "0: 1\n1: 2\n", "--format adjacency-list"),
    Bad("pajek.txt", PAJEK, "Pajek"),
    Bad("pajek_late.txt", "1 2\n" + PAJEK, "Pajek"),
    Bad("written.txt", "\n".join(nx.generate_pajek(NAMES)), "Pajek"),
    Bad("gml.txt", "\n".join(nx.generate_gml(NAMES)), "GML"),
    Bad("gexf.txt", "\n".join(nx.generate_gexf(NAMES)), "XML"),
    Bad("graphml.txt", "\n".join(nx.generate_graphml(NAMES)), "--format graphml"),
    Bad("json.txt", '{"nodes": [1, 2], "links": []}', "JSON"),
    Bad("dot.txt", "graph { a -- b; b -- c }", "DOT"),
    Bad("dimacs.txt", "c a path\np edge 3 2\ne 1 2\ne 2 3\n", "DIMACS"),
    Bad("dimacs_sp.txt", "p sp 3 2\na 1 2 5\na 2 3 7\n", "DIMACS"),
    Bad("letters.txt", "e 1 2\ne 2 3\n", "DIMACS"),
    Bad("metis.txt", "4 4\n2 3\n1 3\n1 2 4\n3\n", "line 1"),
    Bad("metis_cycle.txt", "4 4\n2 4\n1 3\n2 4\n3 1\n", "line 1"),
    Bad("counts.txt", "4 3\n0 1\n1 2\n2 3\n", "numbers of vertices and edges"),
    Bad("count.txt", "3\n0 1\n1 2\n", "numbers of vertices and edges"),
    Bad("two_counts.txt", "3\n2\n0 1\n1 2\n", "numbers of vertices and edges"),
    Bad("weighted_counts.txt", "3 3\n1 2 0.5\n2 3 0.5\n1 3 0.1\n", "numbers of vertices and edges"),
    Bad("named_counts.txt", "3 2\na b\nb c\n", "numbers of vertices and edges"),
    Bad("named_count.txt", "3\na b\nb c\n", "numbers of vertices and edges"),
    Bad("lower.txt", "1.5\n2.5 1.2\n3.5 0.3 0.7\n", "--format"),
    Bad("lower_zero.txt", "0\n1 0\n2 1 0\n", "--format"),
    Bad("digits.txt", "0110\n1010\n1101\n0010\n", "matrix"),
    Bad("bare_graph6.txt", "EhEG\nEwCW\n", "--format graph6"),
    Bad("one_line.txt", "0 1 1 2 2 0\n", "--format edges"),
    Bad("one_line.csv", "0,1;1,2;2,0\n", "--delimiter"),
    Bad("vectors.txt", "0 1:1\n1 2:1\n", "colon"),
    Bad("decimal_cloud.txt", "0,5 1,5\n2,5 3,5\n", "--delimiter"),
    Bad("decimal_cloud.csv", "0,5;1,5\n2,5;3,5\n", "--delimiter"),
    Bad("channels.txt", "#rome ann\nann #oslo\n", "--comments none"),
    Bad("colours.csv", "#ff0000,#00ff00\n#00ff00,#0000ff\n", "--comments none"),
    Bad("markdown.txt", "| a | b |\n| b | c |\n", "--delimiter"),
    Bad("named_cloud.csv", "p,0.5,0.7\nq,0.1,0.2\n", "--format points"),
    Bad("id_cloud.csv", "id,x,y\n0,1,2\n1,3,4\n", "--format points"),
    Bad("trivial.txt", "1 first\n2 second\n#\n1 2\n", "Trivial Graph Format"),
    Bad("off.txt", "OFF\n3 1 3\n0 0 0\n1 0 0\n0 1 0\n3 0 1 2\n", "OFF"),
    Bad("g6.txt", ">>graph6<<EhEG\n", "--format graph6"),
    Bad(
        "one_way.mtx",
        "%%MatrixMarket matrix coordinate pattern general\n3 3 2\n2 1\n3 2\n",
        "--undirected",
    ),
    Bad(
        "oblong.mtx",
        "%%MatrixMarket matrix coordinate pattern general\n3 2 2\n2 1\n3 2\n",
        "square",
    ),
    Bad(
        "broken.mtx",
        "%%MatrixMarket matrix coordinate pattern general\n3 3 9\n2 1\n",
        "Matrix Market",
    ),
    Bad(
        "huge.mtx",
        "%%MatrixMarket matrix coordinate pattern symmetric\n900000000 900000000 1\n2 1\n",
        "describe its vertices",
    ),
    Bad("sides.tsv", "% bip unweighted\n1 1\n1 2\n", "two sets of vertices"),
    Bad(
        "space.txt",
        "".join(f"{i} {j} {k}\n" for i in range(3) for j in range(3) for k in range(3)),
        "--format points",
    ),
    Bad("nodes.csv", "Id,Label\n1,Ann\n2,Bob\n", "table of vertices"),
    Bad("ages.csv", "id,age\nann,3\nbob,4\n", "table of vertices"),
    Bad("degrees.csv", "node,degree,kind\nann,3,x\nbob,4,y\n", "table of vertices"),
    Bad("arrows.txt", "0 -> 1\n1 -> 2\n", "--delimiter"),
    Bad("glued.txt", "a->b\nb->c\n", "--delimiter"),
    Bad("dashes.txt", "0 -- 1\n1 -- 2\n", "--delimiter"),
    Bad("bars.txt", "a|b\nb|c\n", "--delimiter"),
    Bad("tuple_lines.txt", "(0, 1)\n(1, 2)\n", "splits brackets"),
    Bad("bracket_lists.txt", "0 [1, 2]\n1 [2]\n", "--delimiter"),
    Bad("python.txt", "[(0, 1), (1, 2)]\n", "JSON"),
    Bad("triples.tsv", "A\tbinds\tB\nB\tbinds\tC\n", "--source"),
    Bad("numbered.csv", "0,ann,bob\n1,bob,cy\n", "--source"),
    Bad("break.txt", "x y {'d': 'one\n with break'}\n", "braces"),
    Bad("both.csv", "a;b,c;d\nc;d,a;b\n", "--delimiter"),
    Bad("mixed.txt", "0 1\n1,2\n2 3\n", "--delimiter"),
    Bad("mixed_tabs.txt", "0 1\t5\n1 2\t6\n", "--delimiter"),
    Bad("commas_last.txt", "0 1,\n1 2,\n2 0\n", "--delimiter"),
    Bad("semicolons_last.txt", "0 1;\n1 2;\n", "--delimiter"),
    Bad("open_quote.csv", '"a,b\nc,d\n', "quotes"),
    Bad("single_quotes.txt", "'a b' 'c d'\n'c d' 'a b'\n", "double quotes"),
    Bad("tags.txt", "ann #love\nbob #love\n", "--comments none"),
    Bad("tags.csv", "ann,bob\n#love,ann\n", "--comments none"),
    Bad("only_tags.csv", "#a,#b\n#b,#c\n", "--comments none"),
    Bad("note.csv", "ann,bob # friends\nbob,cy\n", "--comments none"),
    Bad("prose.txt", "it was the best of times\n", "line 1"),
    Bad("u_v.txt", "u v\nx y\n", "--no-heading"),
    Bad("routes.csv", "from name,from id,to name,to id\nA,1,B,2\n", "--source"),
    Bad("no_column.csv", "a,b\nc,d\n", "--source", ("--source", "x", "--target", "y")),
    Bad("nan.txt", "1 2\n2 nan\n", "line 2: an edge must have two ends"),
    Bad("blank_end.csv", "source,target\na,b\n,c\n", "line 3: an edge must have two ends"),
    Bad("inf.txt", "1 2 inf\n", "finite numbers"),
    Bad("nul.txt", b"a b\n\0 c\n", "binary"),
    Bad("no_mark.txt", "a b\nb c\n".encode("utf-16-le"), "UTF-16"),
    Bad("controls.txt", b"\x01\x02 \xff\n", "binary"),
    Bad("cut.txt.gz", gzip.compress(b"0 1\n1 2\n" * 100)[:-9], "compressed"),
    Bad("not.dat", "a b\n", "--format"),
]


def info(tmp_path, capsys, file):
    path = tmp_path / file.name
    content = file.content
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    code = main(["info", str(path), *file.options])
    out, err = capsys.readouterr()
    return code, out, err.replace(f"{tmp_path}{os.sep}", "")


@over("file", GOOD)
def test_files_that_are_read(tmp_path, capsys, file):
    code, out, err = info(tmp_path, capsys, file)
    assert (code, err if code else "") == (0, "")
    found = re.search(r"f-vector +\((.*?)\)", out)
    assert found
    assert tuple(int(n) for n in found[1].strip(",").split(",")) == file.f_vector
    if file.said:
        assert err.startswith(f"{file.name}: read as: ")
        assert file.said in err
        assert err.count("\n") == 1
    else:
        assert err == ""


@over("file", BAD)
def test_files_that_are_refused(tmp_path, capsys, file):
    code, out, err = info(tmp_path, capsys, file)
    assert (code, out) == (2, "")
    assert err.startswith(f"simplex info: error: {file.name}: ")
    assert file.reason in err
    assert err.count("\n") == 1


@over("seed", range(8))
def test_lines_of_numbers_are_read_alike_with_and_without_options(tmp_path, capsys, seed):
    """Files of numbers are read by array operations; an option at its default goes row by row."""
    chance = random.Random(seed)
    for _ in range(12):
        width, mark = chance.choice([2, 2, 3, 4]), chance.choice(["  ", " ", "\t", ",", ";"])
        cells = chance.choices(["7", "-3", "0.5", "1e3", "x", "01", "", "1-2"], k=2) + ["4"] * 6
        rows = [
            [str(chance.randrange(1, chance.choice([4, 9]))) for _ in range(2)]
            + [chance.choice(cells) for _ in range(width - 2)]
            for _ in range(chance.randrange(2, 9))
        ]
        if chance.random() < 0.2:
            rows[-1][chance.randrange(width)] = chance.choice(cells)
        start = chance.choice(["", "", "# c\n", "% sym w\n", "% bip w\n", "#x y\n", "\n"])
        text = start + "".join(mark.join(row) + "\n" for row in rows)
        both = [
            info(tmp_path, capsys, Good("graph.txt", text, (), options=options))
            for options in ((), ("--comments", "#%", "--no-heading"))
        ]
        assert both[0] == both[1], text
