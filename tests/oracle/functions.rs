//! The functions of Terraform 1.11: what each takes, from where its arguments are drawn, what it gives.

use super::expressions::Kind;

/// From where an argument is drawn.
#[derive(Clone, Copy)]
pub enum Takes {
    /// Any expression of a kind.
    Of(Kind),
    /// Mostly one of these expressions, else any string.
    One(&'static [&'static str]),
    /// One of these as often as any expression of a kind.
    Either(Kind, &'static [&'static str]),
}

/// A function.
pub struct Function {
    /// Its name.
    pub name: &'static str,
    /// Its parameters.
    pub takes: &'static [Takes],
    /// Further arguments, any number.
    pub rest: Option<Takes>,
    /// What it gives.
    pub gives: Kind,
}

const ANY: Takes = Takes::Of(Kind::Any);
const TEXT: Takes = Takes::Of(Kind::Text);
const NUMBER: Takes = Takes::Of(Kind::Number);
const BOOLS: Takes = Takes::Either(
    Kind::List,
    &["[true, false]", "[true]", "[]", "[\"true\", true]", "[null, true]", "[true, tobool(local.u)]", "[false, tobool(local.u)]", "toset([true])"],
);
const LIST: Takes = Takes::Of(Kind::List);
const TEXTS: Takes = Takes::Of(Kind::Texts);
const SET: Takes = Takes::Either(
    Kind::Set,
    &[
        "[\"a\", \"b\"]", "toset([\"b\", \"c\"])", "[1, 2]", "[]", "toset([])", "[\"a\", 1]", "[\"1\", true]", "[local.id, \"a\"]", "[[\"a\"]]", "[{ a = 1 }]",
        "[{ a = 1 }, { a = \"x\" }]", "toset([1, 2.5])",
    ],
);
const OBJECT: Takes = Takes::Of(Kind::Object);
const SMALL: Takes = Takes::Either(Kind::Number, &["0", "1", "2", "3", "4", "8", "-1", "\"2\"", "1.5", "16", "null", "100"]);
const PATTERN: Takes = Takes::One(&[
    "\"a\"", "\"[a-z]+\"", "\"([a-z]+)([0-9]*)\"", "\"(?P<first>[a-z])(?P<rest>.*)\"", "\"^\\\\s*$\"", "\"\\\\d+\"", "\"(\\\\d{4})-(\\\\d\\\\d)\"",
    "\"(?i)HELLO\"", "\"(a)|(b)\"", "\"(?:x|y)z?\"", "\"\\\\bfoo\\\\b\"", "\".\"", "\"\"", "\"(\"", "\"[[:alpha:]]+\"", "\"\\\\pL+\"", "\"\\\\p{Greek}\"",
    "\"(?s).+\"", "\"(?m)^.\"", "\"a{2,3}\"", "\"a*?\"", "\"(?=a)\"", "\"\\\\1\"", "\"[^,]+\"", "\"(?<name>a)\"", "\"\\\\Aa\\\\z\"", "\"[\\\\w.]+@\"", "\"(?U)a+\"",
    "\"\\\\Q.\\\\E\"", "\"[a-\"", "\"x**\"", "\"\\\\x41|\\\\x{e9}\"", "\"é\"", "\"a|b|\"", "\"(?P<a>.)(.)\"", "\"\\\\C\"", "\"[\\\\d-z]\"", "\"\\\\z\"", "\"\\\\Z\"",
    "\"$\"", "\"a{1001}\"", "\"(?x) a b\"", "\"\\\\h\"", "\"\\\\/\"", "\"\\\\-\"", "\"\\\\é\"", "\"\\\\_\"", "\"[]a]\"", "\"[a&&b]\"", "\"a{,2}\"", "\"{\"", "\"\\\\pN\"",
    "\"\\\\PL\"", "\"(?i)ſ\"", "\"\\\\v\"", "\"\\\\f\\\\a\"", "\"[[:word:]]\"", "\"[[:foo:]]\"", "\"\\\\D\\\\W\"", "\"(?P<n>a)(?P<n>b)\"", "\"(((a)))\"", "\"\\\\u0041\"",
]);
const SUBJECT: Takes = Takes::Either(
    Kind::Text,
    &["\"a1b22\"", "\"hello world\"", "\"2024-01-31\"", "\"foo bar foo\"", "\"a,b,,c\"", "\"aaa\"", "\"x\\ny\"", "\"ÀÉé\"", "\"a@b.c\"", "\"AbC\"", "\"\""],
);
const LITERAL: Takes = Takes::Either(Kind::Text, &["\",\"", "\"a\"", "\"\"", "\" \"", "\"l\"", "\"é\"", "\"ab\"", "\"lo\"", "\"\\n\"", "\".\"", "\"/\""]);
const REPLACED: Takes = Takes::One(&[
    "\"/a/\"", "\"/[a-z]/\"", "\"/(\\\\w)(\\\\w)/\"", "\"/(?P<x>l+)/\"", "\"a\"", "\"\"", "\"/\"", "\"//\"", "\"/^/\"", "\"/(/\"", "\"l\"", "\"/\\\\s+/\"", "\"/b$/\"", "\"/a|/\"",
    "\"/x*/\"",
]);
const REPLACEMENT: Takes = Takes::One(&[
    "\"\"", "\"x\"", "\"$1\"", "\"<$0>\"", "\"$${1}z\"", "\"$1z\"", "\"$x\"", "\"$${x}\"", "\"$$\"", "\"$\"", "\"\\\\1\"", "\"$2$1\"", "\"-\"", "\"$$1\"", "\"$9\"", "\"${\"$\"}{1\"",
]);
const FORMAT: Takes = Takes::One(&[
    "\"%s\"", "\"%d\"", "\"%v\"", "\"%q\"", "\"%#v\"", "\"%t\"", "\"%f\"", "\"%.2f\"", "\"%5.1f|\"", "\"%-8s|\"", "\"%08.3f\"", "\"%x\"", "\"%X\"", "\"%b\"", "\"%o\"", "\"%e\"", "\"%E\"",
    "\"%g\"", "\"%G\"", "\"%%\"", "\"%\"", "\"%z\"", "\"%s-%s\"", "\"%[2]s %[1]s\"", "\"%[3]d\"", "\"%s %d %v\"", "\"%+d\"", "\"% d\"", "\"%03d\"", "\"%-5d|\"", "\"%5t\"", "\"%.3s\"", "\"%10.3s|\"",
    "\"%#x\"", "\"%#o\"", "\"%*d\"", "\"%.0f\"", "\"%.1e\"", "\"%.3g\"", "\"%+.2f\"", "\"%5q\"", "\"%#q\"", "\"%-10v|\"", "\"%05s\"", "\"%c\"", "\"%U\"", "\"%T\"", "\"%p\"", "\"%i\"", "\"a\"",
    "\"\"", "\"é%sé\"", "\"%[1]s%[1]s\"", "\"%[0]s\"", "\"%[9]s\"", "\"%[1\"", "\"%5\"", "\"%.f\"", "\"%#b\"", "\"%+q\"", "\"%+v\"", "\"%x\"", "\"%03x\"", "\"%20.10g|\"", "\"%.40f\"", "\"%+s\"", "\"%8d|%-8d|\"",
    "\"%5v\"", "\"%.2v\"", "\"%05d\"", "\"%+05d\"", "\"%-05d|\"", "\"% x\"", "\"%#X\"", "\"%t%t\"", "\"%[2]*[1]d\"", "\"%!\"", "\"%s%%\"", "\"%v %[1]v\"", "\"%[2]v %v\"",
]);
const DATE: Takes = Takes::One(&[
    "\"2018-01-02T23:12:01Z\"", "\"2020-02-29T00:00:00Z\"", "\"2023-12-31T12:34:56+02:00\"", "\"1999-10-05T05:06:07-08:30\"", "\"2024-03-10T13:00:00.123Z\"", "\"2024-03-10\"",
    "\"2024-02-30T00:00:00Z\"", "\"0001-01-01T00:00:00Z\"", "\"9999-12-31T23:59:59Z\"", "\"2024-03-10T24:00:00Z\"", "\"2024-03-10t01:02:03z\"", "\"2024-03-10 01:02:03Z\"",
    "\"2024-03-10T01:02:60Z\"", "\"2024-3-10T01:02:03Z\"", "\"2024-03-10T01:02:03\"", "\"2024-03-10T01:02:03+0200\"", "\"2024-06-15T00:30:00+00:00\"", "\"2024-06-15T01:05:09.999999999Z\"",
    "\"2024-06-15T12:00:00-00:00\"", "\"2024-06-15T1:02:03Z\"", "\"2024-13-01T00:00:00Z\"", "\"1969-12-31T23:59:59.5Z\"", "\"2000-01-01T00:00:00+24:00\"", "\"2024-06-15T01:05:09,5Z\"",
    "\"10000-01-01T00:00:00Z\"", "\"2023-02-29T00:00:00Z\"", "\"2024-06-15T01:05Z\"", "\"2024-06-15T01:05:09+14:00\"", "\"2024-00-15T01:05:09Z\"", "\"2024-06-15T01:05:09+05:60\"",
]);
const LAYOUT: Takes = Takes::One(&[
    "\"DD MMM YYYY hh:mm ZZZ\"", "\"YYYY-MM-DD'T'hh:mm:ssZ\"", "\"EEEE, DD-MMM-YY hh:mm:ss ZZZ\"", "\"h'h'm'm's's'\"", "\"EEE\"", "\"M/D/YY H:mm AA\"", "\"aa HH\"", "\"YYYYY\"", "\"''\"", "\"'it''s'\"",
    "\"'open\"", "\"Q\"", "\"ZZZZZ ZZZZ ZZZ ZZ Z\"", "\"MMMM M MM MMM\"", "\"D DD\"", "\"H HH h hh\"", "\"s ss m mm\"", "\"E\"", "\"\"", "\"é YYYY\"", "\"12:34\"", "\"AAA\"", "\"YYY\"", "\"DDD\"", "\"hhh\"", "\"X\"", "\"EEEEE\"", "\"A a\"", "\"MMMMM\"", "\"ss.sss\"",
    "\"T\"", "\"-_/ ,.\"",
]);
const DURATION: Takes = Takes::One(&[
    "\"10m\"", "\"-24h\"", "\"1h30m\"", "\"1.5h\"", "\"100ms\"", "\"1us\"", "\"1µs\"", "\"5ns\"", "\"1d\"", "\"\"", "\"0\"", "\"-0\"", "\"h\"", "\"1\"", "\"+1h\"", "\"8760h\"", "\"2562047h47m16.854775807s\"",
    "\"2562048h\"", "\".5s\"", "\"1.s\"", "\"1h 2m\"", "\"-1h-1m\"", "\"1μs\"", "\"1e3s\"", "\"0.000000001s\"", "\"999999999h\"", "\"1s1s\"",
]);
const CIDR: Takes = Takes::One(&[
    "\"10.0.0.0/8\"", "\"10.12.112.5/20\"", "\"172.16.0.0/12\"", "\"192.168.1.0/24\"", "\"10.1.2.3/32\"", "\"0.0.0.0/0\"", "\"fd00:fd12:3456:7890::/56\"", "\"2001:db8::/32\"", "\"::/0\"", "\"::1/128\"",
    "\"10.0.0.0\"", "\"010.0.0.0/8\"", "\"10.0.0.0/33\"", "\"10.0.0/8\"", "\"::ffff:10.0.0.0/104\"", "\"fe80::1%eth0/64\"", "\"10.0.0.0/08\"", "\" 10.0.0.0/8\"", "\"2001:DB8:0:0::/64\"", "\"10.0.0.0/-1\"",
    "\"::ffff:0:0/96\"", "\"1.2.3.4/+8\"", "\"256.0.0.0/8\"", "\"::10.0.0.0/120\"", "\"fd00::/127\"", "\"10.0.0.0/31\"", "\"1:2:3:4:5:6:7:8/128\"", "\"10.0.0.0/30\"", "\"/8\"", "\"1::2::3/64\"", "\"64:ff9b::/96\"",
]);
const BITS: Takes = Takes::Either(
    Kind::Number,
    &["0", "1", "2", "4", "8", "16", "24", "32", "33", "64", "-1", "15", "255", "256", "65536", "4294967296", "18446744073709551616", "1.5", "\"4\"", "-2", "3", "-256", "1e40"],
);
const PATH: Takes = Takes::One(&[
    "\"x.txt\"", "\"./x.txt\"", "\"d/a.txt\"", "\"d/../x.txt\"", "\"nope.txt\"", "\"${path.module}/x.txt\"", "\"d\"", "\"\"", "\"bin\"", "\"/etc/nope\"", "\"t.tpl\"", "\"d//a.txt\"", "\"d/b.txt/\"",
]);
const ANY_PATH: Takes = Takes::One(&[
    "\"foo/bar/baz.txt\"", "\"/\"", "\"\"", "\"a/b/\"", "\"a//b\"", "\"..\"", "\".\"", "\"../a/./b\"", "\"/a/../..\"", "\"x\"", "\"~/x\"", "\"~\"", "\"//a\"", "\"a/..\"", "\"C:\\\\x\"", "\"a/b/../../..\"", "\"~user/x\"", "\"é/ü\"",
    "\"./\"", "\"/a//\"", "\" /x \"",
]);
const GLOB: Takes = Takes::One(&[
    "\"*\"", "\"**\"", "\"*.txt\"", "\"**/*.txt\"", "\"d/*\"", "\"{a,b}.txt\"", "\"[ab].txt\"", "\"?.txt\"", "\"\"", "\"x.txt\"", "\"e/**\"", "\"[\"", "\"../*\"", "\"[!a].txt\"", "\"[^a]*\"", "\"**/h.txt\"", "\"{a\"", "\".*\"", "\"e/*/*\"",
    "\"./*.txt\"", "\"\\\\*\"", "\"**.txt\"", "\"e/**/h.txt\"", "\"*/\"", "\"{*.txt,e/*}\"", "\"[a-b].txt\"", "\"d/**/../a.txt\"",
]);
const JSON: Takes = Takes::One(&[
    "\"{\\\"a\\\":1,\\\"b\\\":[true,null]}\"", "\"[]\"", "\"{}\"", "\"1.50\"", "\"1e400\"", "\"123456789012345678901234567890.5\"", "\"\\\"x\\\"\"", "\"nul\"", "\"\"", "\"{\\\"a\\\":1,\\\"a\\\":2}\"", "\"[1,]\"", "\" [1] \"", "\"[1] x\"",
    "\"\\\"\\\\u00e9\\\\n\\\"\"", "\"\\\"\\\\ud83d\\\\ude00\\\"\"", "\"\\\"\\\\ud83d\\\"\"", "\"-0\"", "\"01\"", "\"+1\"", "\"{\\\"b\\\":{\\\"c\\\":[{}]},\\\"a\\\":\\\"1\\\"}\"", "\"[1,\\\"a\\\",true,null,{}]\"", "\"true\"", "\"null\"", "\"{a:1}\"", "\"'x'\"",
    "\"{\\\"\\\":1}\"", "\"\\\"\\t\\\"\"", "\"[1 2]\"", "\"1.\"", "\".5\"", "\"1E5\"", "\"NaN\"", "\"\\\"é\\\"\"", "\"[[[[[]]]]]\"", "\"{\\\"a\\\":null}\"", "\"\\\"\\\\q\\\"\"", "\"1e5\"", "\"0.1e-7\"", "\"[\"", "\"/*c*/1\"",
    "jsonencode(local.o)", "jsonencode({ a = local.u })", "jsonencode(var.lo)",
]);
const YAML: Takes = Takes::One(&[
    "\"a: 1\\nb: [x, y]\\n\"", "\"- 1\\n- two\\n- ~\\n\"", "\"yes\"", "\"0x1F\"", "\"0o17\"", "\"017\"", "\"1_000\"", "\"1e3\"", "\".inf\"", "\"-.INF\"", "\".nan\"", "\"2020-01-01\"", "\"2020-01-01T00:00:00Z\"", "\"a: &x 1\\nb: *x\\n\"",
    "\"x: &d {k: v}\\ny:\\n  <<: *d\\n  z: 1\\n\"", "\"? a\\n: b\\n\"", "\"a: |\\n  line\\n  two\\n\"", "\"a: >-\\n  fold\\n  ed\\n\"", "\"!!str 1\"", "\"!!int \\\"5\\\"\"", "\"!!binary aGVsbG8=\"", "\"!foo bar\"", "\"{a: 1, a: 2}\"", "\"a: 1\\na: 2\\n\"",
    "\"---\\na: 1\\n---\\nb: 2\\n\"", "\"\"", "\"# only\\n\"", "\"null\"", "\"~\"", "\"- - 1\\n  - 2\\n\"", "\"a:\\n- b\\n\"", "\"'it''s'\"", "\"\\\"\\\\x41\\\\n\\\"\"", "\"a: b: c\"", "\"\\t- x\"", "\"[1, 2\"", "\"on: off\"", "\"1.5\"", "\"+1\"", "\"-1\"", "\"1.\"", "\".5\"", "\"0b101\"",
    "\"123456789012345678901234567890\"", "\"0.1\"", "\"a: 'x'\\nb: \\\"y\\\"\\n\"", "\"true\"", "\"True\"", "\"TRUE\"", "\"tRUE\"", "\"n\"", "\"Y\"", "\"1:30\"", "\"190:20:30\"", "\"1: a\\n2: b\\n\"", "\"true: x\"", "\"null: x\"", "\"1.0: x\"", "\"[a, b]: x\"", "\"*x\"", "\"- &a [1, *a]\\n\"", "\"!!set {a, b}\"", "\"!!timestamp 2020-01-01\"",
    "\"!!float 1\"", "\"!!bool yes\"", "\"!!null x\"", "\"!!seq []\"", "\"!!map {}\"", "\"12e03\"", "\"0x_1\"", "\"- é\\n- 日\\n\"", "\"a: 1 # c\\n\"", "\"%YAML 1.1\\n---\\nx\\n\"", "\"...\"", "\"--- |\\n  a\\n\"", "\"<<: {a: 1}\"", "\"<<: [{a: 1}, {b: 2}]\\na: 3\"", "\"@x\"", "\"`x\"", "\"a: !!str\"", "\"key: [a, {b: c}, ~]\"", "\"= x\"", "\"=\"",
    "\"0777\"", "\"08\"", "\"1e5\"", "\"1E+3\"", "\"-0x10\"", "\"0X1F\"", "\"+0o7\"", "\"1__0\"", "\"_1\"", "\"0.\"", "\"- |+\\n  a\\n\\n- b\\n\"", "\"a: >\\n  x\\n   y\\n  z\\n\"", "yamlencode(local.o)", "yamlencode({ a = [1, \"x\"], b = null })",
]);
const CSV: Takes = Takes::One(&[
    "\"a,b\\n1,2\\n3,4\\n\"", "\"a,b\\n1\\n\"", "\"a\\n\\\"x,y\\\"\\n\"", "\"a,a\\n1,2\\n\"", "\"\"", "\"a,b\"", "\"a,b\\n\"", "\"a\\n\\\"x\"", "\"a, b\\n1, 2\\n\"", "\"a\\r\\n1\\r\\n\"", "\"a\\n\\n1\\n\"", "\"a\\n\\\"x\\\"\\\"y\\\"\\n\"", "\"a\\nx\\\"y\\n\"", "\"a;b\\n1;2\\n\"", "\"é\\n日\\n\"", "\",\\n1,2\\n\"", "\"a\\n\\\"l1\\nl2\\\"\\n\"", "\"a,b\\n1,2,3\\n\"",
    "\"\\n\"", "\"a\\n\\\"x\\\"y\\n\"", "\"\\uFEFFa\\n1\\n\"", "\"a\\n\\\"x\\r\\ny\\\"\\n\"", "\"#a\\n1\\n\"", "\"a\\n \\\"x\\\"\\n\"", "\"a,b\\n\\\"\\\",\\n\"", "\"a\\r1\\r\"", "\"1,null\\ntrue,x\\n\"",
]);
const BASE64: Takes = Takes::Either(
    Kind::Text,
    &["\"aGVsbG8=\"", "\"aGVsbG8\"", "\"\"", "\"/w==\"", "\"aGVs bG8=\"", "\"aGVs\\nbG8=\"", "\"w6k=\"", "\"_-==\"", "\"aGVsbG9=\"", "\"====\"", "\"YQ==YQ==\"", "\"YR==\"", "\"ZcyB\"", "base64encode(\"x\")"],
);
const ENCODING: Takes = Takes::One(&[
    "\"UTF-8\"", "\"UTF-16LE\"", "\"UTF-16BE\"", "\"UTF-16\"", "\"ISO-8859-1\"", "\"windows-1252\"", "\"US-ASCII\"", "\"utf8\"", "\"latin1\"", "\"ISO-8859-15\"", "\"KOI8-R\"", "\"nope\"", "\"macintosh\"", "\"IBM437\"", "\"windows-1251\"", "\"ISO-8859-2\"", "\"\"", "\"UTF-32\"", "\"IBM866\"", "\"UTF-7\"",
    "\"CP1252\"", "\"ascii\"", "\"ISO-8859-6-E\"", "\"ISO_8859-5:1988\"", "\"windows-874\"",
]);
const NAMESPACE: Takes = Takes::One(&["\"dns\"", "\"url\"", "\"oid\"", "\"x500\"", "\"6ba7b810-9dad-11d1-80b4-00c04fd430c8\"", "\"DNS\"", "\"nope\"", "\"\"", "\"{6ba7b810-9dad-11d1-80b4-00c04fd430c8}\"", "\"6BA7B8109DAD11D180B400C04FD430C8\"", "\"urn:uuid:6ba7b810-9dad-11d1-80b4-00c04fd430c8\""]);
const DIGITS: Takes = Takes::Either(
    Kind::Text,
    &["\"10\"", "\"ff\"", "\"FF\"", "\"zz\"", "\"-101\"", "\"+7\"", "\"0x1f\"", "\"1_000\"", "\"\"", "\"12345678901234567890123\"", "\"9\"", "\" 1\"", "\"1.5\"", "10", "\"Zz\"", "\"08\"", "\"-\"", "\"0b1\"", "\"-0\"", "255", "true", "1.5", "[1]"],
);
const RADIX: Takes = Takes::Either(Kind::Number, &["10", "16", "2", "36", "62", "8", "1", "63", "0", "-1", "\"10\"", "37", "1.5", "35", "61"]);
const TEMPLATE: Takes = Takes::One(&[
    "local.templates.hello", "local.templates.directive", "local.templates.plain", "local.templates.broken", "local.templates.missing", "local.templates.calls", "local.templates.number", "var.s", "\"hi\"", "local.u", "var.ms.k", "local.templates[\"hello\"]", "local.templates.alone", "local.templates.marked",
]);
const VALUES_GIVEN: Takes = Takes::Either(
    Kind::Object,
    &["{ x = 1 }", "{ x = \"a\", l = [1, 2] }", "{}", "{ x = null }", "{ x = local.u, l = [] }", "{ x = [1], n = 2 }", "{ x = \"é\", l = [\"a\"], n = \"me\" }", "{ n = \"me\", l = [\"p\", \"q\"] }", "var.ms", "null", "{ \"a b\" = 1 }", "{ x = sensitive(\"s\") }", "tomap({ x = 5 })", "{ for = 1, x = 2 }"],
);
const TEMPLATE_FILE: Takes = Takes::One(&["\"t.tpl\"", "\"one.tpl\"", "\"x.txt\"", "\"rec.tpl\"", "\"nope.tpl\"", "\"bin\"", "local.u"]);
const KEY: Takes = Takes::Either(Kind::Text, &["\"a\"", "\"k\"", "\"b\"", "\"nope\"", "\"x\"", "1", "true"]);
const TFVARS: Takes = Takes::One(&["\"a = 1\\n\"", "\"a = [1, {b = null}]\\nc = \\\"x\\\"\\n\"", "\"\"", "\"a\"", "\"a = b\"", "\"a {}\"", "\"a = 1\\na = 2\\n\"", "\"a = upper(\\\"x\\\")\"", "\"a = \\\"$${x}\\\"\"", "\"a = \\\"$$${x}\\\"\"", "\"a = 1 + 2\\n\"", "\"# c\\na = true\\n\""]);

/// A row of the table.
const fn row(name: &'static str, takes: &'static [Takes], gives: Kind) -> Function {
    Function {
        name,
        takes,
        rest: None,
        gives,
    }
}

impl Function {
    const fn and_more(mut self, takes: Takes) -> Function {
        self.rest = Some(takes);
        self
    }
}

/// All of them, but for those whose results cannot be compared: `plantimestamp`, and `pathexpand` of a home.
#[rustfmt::skip]
pub const FUNCTIONS: &[Function] = &[
    row("abs", &[NUMBER], Kind::Number),
    row("abspath", &[ANY_PATH], Kind::Text),
    row("alltrue", &[BOOLS], Kind::Bool),
    row("anytrue", &[BOOLS], Kind::Bool),
    row("base64decode", &[BASE64], Kind::Text),
    row("base64encode", &[TEXT], Kind::Text),
    row("base64gzip", &[TEXT], Kind::Text),
    row("base64sha256", &[TEXT], Kind::Text),
    row("base64sha512", &[TEXT], Kind::Text),
    row("basename", &[ANY_PATH], Kind::Text),
    row("bcrypt", &[TEXT], Kind::Text).and_more(SMALL),
    row("can", &[ANY], Kind::Bool),
    row("ceil", &[NUMBER], Kind::Number),
    row("chomp", &[TEXT], Kind::Text),
    row("chunklist", &[LIST, SMALL], Kind::List),
    row("cidrhost", &[CIDR, BITS], Kind::Text),
    row("cidrnetmask", &[CIDR], Kind::Text),
    row("cidrsubnet", &[CIDR, BITS, BITS], Kind::Text),
    row("cidrsubnets", &[CIDR], Kind::Texts).and_more(BITS),
    row("coalesce", &[], Kind::Any).and_more(TEXT),
    row("coalesce", &[ANY], Kind::Any).and_more(ANY),
    row("coalescelist", &[], Kind::List).and_more(LIST),
    row("compact", &[TEXTS], Kind::Texts),
    row("concat", &[], Kind::List).and_more(LIST),
    row("contains", &[LIST, ANY], Kind::Bool),
    row("contains", &[TEXTS, TEXT], Kind::Bool),
    row("csvdecode", &[CSV], Kind::List),
    row("dirname", &[ANY_PATH], Kind::Text),
    row("distinct", &[LIST], Kind::List),
    row("element", &[LIST, SMALL], Kind::Any),
    row("endswith", &[TEXT, LITERAL], Kind::Bool),
    row("ephemeralasnull", &[ANY], Kind::Any),
    row("file", &[PATH], Kind::Text),
    row("filebase64", &[PATH], Kind::Text),
    row("filebase64sha256", &[PATH], Kind::Text),
    row("filebase64sha512", &[PATH], Kind::Text),
    row("fileexists", &[PATH], Kind::Bool),
    row("filemd5", &[PATH], Kind::Text),
    row("fileset", &[Takes::One(&["\"d\"", "\".\"", "path.module", "\"nope\"", "\"d/e\"", "\"./d/\"", "\"x.txt\"", "\"d/../d\""]), GLOB], Kind::Set),
    row("filesha1", &[PATH], Kind::Text),
    row("filesha256", &[PATH], Kind::Text),
    row("filesha512", &[PATH], Kind::Text),
    row("flatten", &[LIST], Kind::List),
    row("flatten", &[Takes::Of(Kind::Set)], Kind::List),
    row("floor", &[NUMBER], Kind::Number),
    row("format", &[FORMAT], Kind::Text).and_more(ANY),
    row("format", &[FORMAT, NUMBER], Kind::Text).and_more(NUMBER),
    row("format", &[FORMAT, TEXT], Kind::Text).and_more(TEXT),
    row("formatdate", &[LAYOUT, DATE], Kind::Text),
    row("formatlist", &[FORMAT], Kind::Texts).and_more(TEXTS),
    row("formatlist", &[FORMAT, LIST], Kind::Texts).and_more(ANY),
    row("indent", &[SMALL, TEXT], Kind::Text),
    row("index", &[LIST, ANY], Kind::Number),
    row("index", &[TEXTS, LITERAL], Kind::Number),
    row("issensitive", &[ANY], Kind::Bool),
    row("join", &[LITERAL, TEXTS], Kind::Text).and_more(TEXTS),
    row("jsondecode", &[JSON], Kind::Any),
    row("jsonencode", &[ANY], Kind::Text),
    row("keys", &[OBJECT], Kind::Texts),
    row("length", &[ANY], Kind::Number),
    row("log", &[NUMBER, SMALL], Kind::Number),
    row("lookup", &[OBJECT, KEY], Kind::Any).and_more(ANY),
    row("lower", &[TEXT], Kind::Text),
    row("matchkeys", &[LIST, TEXTS, TEXTS], Kind::List),
    row("max", &[], Kind::Number).and_more(NUMBER),
    row("md5", &[TEXT], Kind::Text),
    row("merge", &[], Kind::Object).and_more(OBJECT),
    row("min", &[], Kind::Number).and_more(NUMBER),
    row("nonsensitive", &[ANY], Kind::Any),
    row("one", &[LIST], Kind::Any),
    row("parseint", &[DIGITS, RADIX], Kind::Number),
    row("pathexpand", &[Takes::One(&["\"a/~\"", "\"x\"", "\"\"", "\"~user/x\""])], Kind::Text),
    row("pow", &[NUMBER, SMALL], Kind::Number),
    row("range", &[SMALL], Kind::Numbers).and_more(SMALL),
    row("regex", &[PATTERN, SUBJECT], Kind::Any),
    row("regexall", &[PATTERN, SUBJECT], Kind::List),
    row("replace", &[SUBJECT, REPLACED, REPLACEMENT], Kind::Text),
    row("reverse", &[LIST], Kind::List),
    row("rsadecrypt", &[BASE64, TEXT], Kind::Text),
    row("sensitive", &[ANY], Kind::Any),
    row("setintersection", &[SET], Kind::Set).and_more(SET),
    row("setproduct", &[], Kind::List).and_more(LIST),
    row("setproduct", &[SET], Kind::Set).and_more(SET),
    row("setsubtract", &[SET, SET], Kind::Set),
    row("setunion", &[SET], Kind::Set).and_more(SET),
    row("sha1", &[TEXT], Kind::Text),
    row("sha256", &[TEXT], Kind::Text),
    row("sha512", &[TEXT], Kind::Text),
    row("signum", &[NUMBER], Kind::Number),
    row("slice", &[LIST, SMALL, SMALL], Kind::List),
    row("sort", &[TEXTS], Kind::Texts),
    row("split", &[LITERAL, TEXT], Kind::Texts),
    row("startswith", &[TEXT, LITERAL], Kind::Bool),
    row("strcontains", &[TEXT, LITERAL], Kind::Bool),
    row("strrev", &[TEXT], Kind::Text),
    row("substr", &[TEXT, SMALL, SMALL], Kind::Text),
    row("sum", &[Takes::Of(Kind::Numbers)], Kind::Number),
    row("templatefile", &[TEMPLATE_FILE, VALUES_GIVEN], Kind::Text),
    row("templatestring", &[TEMPLATE, VALUES_GIVEN], Kind::Text),
    row("textdecodebase64", &[BASE64, ENCODING], Kind::Text),
    row("textencodebase64", &[TEXT, ENCODING], Kind::Text),
    row("timeadd", &[DATE, DURATION], Kind::Text),
    row("timecmp", &[DATE, DATE], Kind::Number),
    row("timestamp", &[], Kind::Text),
    row("title", &[TEXT], Kind::Text),
    row("tobool", &[ANY], Kind::Bool),
    row("tolist", &[LIST], Kind::List),
    row("tolist", &[Takes::Of(Kind::Set)], Kind::List),
    row("tomap", &[OBJECT], Kind::Object),
    row("tonumber", &[ANY], Kind::Number),
    row("tonumber", &[TEXT], Kind::Number),
    row("toset", &[LIST], Kind::Set),
    row("tostring", &[ANY], Kind::Text),
    row("transpose", &[Takes::Either(Kind::Object, &["{ a = [\"x\", \"y\"], b = [\"y\"] }", "{}", "{ a = [] }", "{ a = [1] }", "{ a = null }", "{ a = [null] }", "{ a = [local.id] }", "{ a = local.u }", "{ a = toset([\"q\"]) }"])], Kind::Object),
    row("trim", &[TEXT, LITERAL], Kind::Text),
    row("trimprefix", &[TEXT, LITERAL], Kind::Text),
    row("trimspace", &[TEXT], Kind::Text),
    row("trimsuffix", &[TEXT, LITERAL], Kind::Text),
    row("try", &[ANY], Kind::Any).and_more(ANY),
    row("upper", &[TEXT], Kind::Text),
    row("urlencode", &[TEXT], Kind::Text),
    row("uuid", &[], Kind::Text),
    row("uuidv5", &[NAMESPACE, TEXT], Kind::Text),
    row("values", &[OBJECT], Kind::List),
    row("yamldecode", &[YAML], Kind::Any),
    row("yamlencode", &[ANY], Kind::Text),
    row("zipmap", &[TEXTS, LIST], Kind::Object),
    row("provider::terraform::encode_expr", &[ANY], Kind::Text),
    row("provider::terraform::encode_tfvars", &[OBJECT], Kind::Text),
    row("provider::terraform::decode_tfvars", &[TFVARS], Kind::Object),
];
