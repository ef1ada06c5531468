"""spec/troubleshooting.md: each message that it quotes is in the source, as one text."""
import pathlib
import re
import sys

LITERAL = r'"(?:[^"\\\n]|\\.)*"'
JOINED = re.compile(rf'{LITERAL}(?:\s*(?:PRI\w+\s*)?{LITERAL})*')
# Of an entry's first line: what stands in quotes.
QUOTE = re.compile(r'`([^`]+)`')


def texts(top):
    """Every text of the programs, without its escapes."""
    for path in pathlib.Path(top, 'src').rglob('*.c'):
        if not path.name.startswith(('test-', 'fuzz-')):
            for joined in JOINED.findall(path.read_text(encoding='utf-8')):
                yield ''.join(re.findall(r'"((?:[^"\\]|\\.)*)"', joined)).replace('\\"', '"')


def main():
    top = sys.argv[1]
    known = set(texts(top))
    status = count = 0
    name = 'spec/troubleshooting.md'
    for number, line in enumerate(pathlib.Path(top, name).read_text(encoding='utf-8').splitlines(), 1):
        if not line.startswith('- '):
            continue
        for quote in QUOTE.findall(line):
            count += 1
            parts = [re.escape(part) for part in quote.split('…') if part.strip()]
            pattern = re.compile('.*'.join(parts))
            if not any(pattern.search(text) for text in known):
                print(f'{name}:{number}: no text of the source is: {quote}')
                status = 1
    if count < 25:
        print(f'{name}: only {count} messages')
        status = 1
    return status


sys.exit(main())
