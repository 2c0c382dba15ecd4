#!/bin/sh
# Fills the corpus of each target from the examples and the pages of the errors.
set -eu
cd "$(dirname "$0")"
root=../..
mkdir -p corpus/parse corpus/check corpus/evaluate corpus/csv
find "$root/examples" "$root/stdlib" -name '*.dbf' | sort | while read -r file; do
    cp "$file" "corpus/parse/$(echo "${file#"$root"/}" | tr '/' '_')"
done
# The wrong and right scripts of the pages, one a file.
for page in "$root"/docs/errors/*.md; do
    awk -v name="corpus/parse/$(basename "$page" .md)" \
        '/^```dbf/ { on = 1; n += 1; next } /^```/ { on = 0 } on { print > (name "_" n ".dbf") }' "$page"
done
find "$root/examples" -name '*.csv' -size -16k | while read -r file; do
    cp "$file" "corpus/csv/$(basename "$file")"
done
printf 'i,x,p,r,f,k,t,d,y\n1,2.5,0.5,-0.5,yes,a,"two, three",2026-11-22,1\n2,,NA,1,0,b c,"a ""b""",,true\n' > corpus/csv/all_types.csv
# The other targets read choices from bytes; any spread of them is a start.
for n in 1 2 3 4 5 6 7 8; do
    awk -v n="$n" 'BEGIN { for (i = 0; i < 200; i++) printf "%c", (i * (2 * n + 1) + n * n) % 120 + 1 }' > "corpus/check/spread_$n"
    cp "corpus/check/spread_$n" "corpus/evaluate/spread_$n"
done
