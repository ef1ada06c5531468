"""contrib/engines: each file parses as what its engine reads, and offers both levels by the installed programs."""
import json
import os
import sys
import tomllib

LEVELS = {'bulkhead': '/usr/bin/bulkhead', 'bulkhead-vm': '/usr/bin/bulkhead-vm'}


def toml_table(path, *names):
    with open(path, 'rb') as file:
        table = tomllib.load(file)
    for name in names:
        table = table[name]
    return table


def docker(path):
    with open(path, encoding='utf-8') as file:
        return {name: runtime['path'] for name, runtime in json.load(file)['runtimes'].items()}


def podman(path):
    return {name: paths[0] for name, paths in toml_table(path, 'engine', 'runtimes').items()}


def containerd(path):
    runtimes = toml_table(path, 'plugins', 'io.containerd.grpc.v1.cri', 'containerd', 'runtimes')
    return {name: runtime['options']['BinaryName'] for name, runtime in runtimes.items()}


def crio(path):
    runtimes = toml_table(path, 'crio', 'runtime', 'runtimes')
    return {name: runtime['runtime_path'] for name, runtime in runtimes.items()}


def kubernetes(path):
    with open(path, encoding='utf-8') as file:
        lines = file.read().splitlines()
    handlers = [line.split(': ')[1] for line in lines if line.startswith('handler: ')]
    return {name: LEVELS.get(name) for name in handlers}


READERS = {
    'docker-daemon.json': docker,
    'docker-daemon-default.json': docker,
    'podman-containers.conf': podman,
    'containerd-config.toml': containerd,
    'crio-bulkhead.conf': crio,
    'kubernetes-runtimeclass.yaml': kubernetes,
}


def main():
    directory = os.path.join(sys.argv[1], 'contrib/engines')
    status = 0
    for name in sorted(set(os.listdir(directory)) | set(READERS)):
        try:
            found = READERS[name](os.path.join(directory, name))
        except (KeyError, OSError, ValueError) as error:
            print(f'contrib/engines/{name}: {type(error).__name__}: {error}')
            status = 1
            continue
        for level, path in LEVELS.items():
            if found.get(level) != path:
                print(f'contrib/engines/{name}: {level} is {found.get(level)}, not {path}')
                status = 1
    return status


sys.exit(main())
