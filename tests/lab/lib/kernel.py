"""Kernels for the lab, and the initramfs that boots each of them.

A kernel is one that is installed, or one whose package `apt-get download` brings; the latter is only
unpacked, in the cache, and never installed. The initramfs holds busybox, the lab's `init` and guest
program, and those modules that must be there before the root is: the others are loaded from the root.
"""
import fcntl
import glob
import hashlib
import lzma
import os
import shutil
import stat
import subprocess
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
CACHE = os.path.join(os.path.dirname(os.path.dirname(HERE)), '.cache', 'lab')

# Without these there is no lab; where one is built in, nothing is to be loaded.
NEEDED = ['virtio_pci', 'virtio_console', 'virtiofs', 'overlay']
# These are there if the kernel has them. Nothing in the lab's root would load most of them by itself.
WANTED = ['virtio_rng', 'kvm_amd', 'kvm_intel', 'vhost_net', 'vhost_vsock', 'tun', 'veth', 'dummy', 'loop']


class LabError(Exception):
    pass


class Missing(LabError):
    """This machine lacks what a lab needs, or cannot reach it."""


def locked(name):
    """A lock of the cache, held until the object is closed."""
    os.makedirs(CACHE, exist_ok=True)
    lock = open(os.path.join(CACHE, name + '.lock'), 'w')
    fcntl.flock(lock, fcntl.LOCK_EX)
    return lock


class Kernel:
    def __init__(self, version, image, modules, is_fetched):
        self.version = version
        self.image = image
        self.modules = modules
        self.is_fetched = is_fetched

    def modules_in_order(self):
        """(path, is needed) of the modules to load, each after what it depends on."""
        depends, paths = {}, {}
        with open(os.path.join(self.modules, 'modules.dep')) as table:
            for line in table:
                module, _, rest = line.partition(':')
                paths[module_name(module)] = module
                depends[module] = rest.split()
        with open(os.path.join(self.modules, 'modules.builtin')) as table:
            builtin = {module_name(line.strip()) for line in table}
        order = {}
        for name in NEEDED + WANTED:
            if name in builtin:
                continue
            if name not in paths:
                if name in NEEDED:
                    raise LabError(f'the kernel {self.version} has no module {name}')
                continue
            for path in depends[paths[name]][::-1] + [paths[name]]:
                order.setdefault(path, name in NEEDED)
        return list(order.items())


def module_name(path):
    return os.path.basename(path).split('.')[0].replace('-', '_')


def version_key(version):
    return [int(part) if part.isdigit() else 0 for part in version.replace('-', '.').split('.')]


def kernel_at(root, version, is_fetched):
    image = os.path.join(root, 'boot', 'vmlinuz-' + version)
    for modules in (os.path.join(root, 'lib/modules', version), os.path.join(root, 'usr/lib/modules', version)):
        if os.path.exists(image) and os.path.exists(os.path.join(modules, 'modules.builtin')):
            if is_fetched and not os.path.exists(os.path.join(modules, 'modules.dep')):
                subprocess.run(['depmod', '-b', root, version], check=True)
            return Kernel(version, image, modules, is_fetched)
    return None


def kernel_fetch(version):
    """The distribution's package of that version, unpacked in the cache."""
    root = os.path.join(CACHE, 'kernel-' + version)
    with locked('kernel-' + version):
        if not os.path.isdir(root):
            with tempfile.TemporaryDirectory(dir=CACHE) as directory:
                # apt drops its privileges, and wants to own the directory then.
                os.chmod(directory, 0o777)
                for name in (f'linux-image-{version}', f'linux-image-{version}-unsigned'):
                    done = subprocess.run(['apt-get', '-q', 'download', name], cwd=directory, text=True,
                                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
                    packages = glob.glob(os.path.join(directory, '*.deb'))
                    if done.returncode == 0 and packages:
                        break
                else:
                    told = (done.stdout.strip().splitlines() or ['nothing'])[-1]
                    raise Missing(f'there is no kernel {version}, installed or to download: {told}')
                unpacked = os.path.join(directory, 'root')
                subprocess.run(['dpkg-deb', '-x', packages[0], unpacked], check=True)
                os.rename(unpacked, root)
        kernel = kernel_at(root, version, True)
    if not kernel:
        raise LabError(f'the package of the kernel {version} has no image or no modules')
    return kernel


def candidate_version():
    """The cloud kernel that the distribution offers, when none is installed."""
    if not shutil.which('apt-cache'):
        raise Missing('no cloud kernel is in /boot, and no apt-get is here to download one')
    shown = subprocess.run(['apt-cache', 'depends', 'linux-image-cloud-amd64'], text=True, capture_output=True)
    for line in shown.stdout.splitlines():
        word, _, package = line.strip().partition(': ')
        if word == 'Depends' and package.startswith('linux-image-'):
            return package[len('linux-image-'):]
    raise Missing('no kernel is installed in /boot, and the distribution offers no linux-image-cloud-amd64')


def kernel_find(version=None):
    if version is None:
        versions = [path.split('vmlinuz-', 1)[1] for path in glob.glob('/boot/vmlinuz-*-cloud-*')]
        version = max(versions, key=version_key) if versions else candidate_version()
    return kernel_at('/', version, False) or kernel_fetch(version)


# --- what is copied into the lab's memory at boot ---

# What tests execute all the time. A file that virtiofs serves costs some requests whenever it is opened, and each of
# them waits for a process of the host's.
HOT_TOOLS = '''awk basename bash bats busybox cat chattr chmod chown chgrp cp cut date dd dirname env expr find flock
    getopt grep head id ip jq kill ln ls mkdir mkfifo mknod mktemp mount mv nproc nsenter od pgrep pkill ps readlink
    realpath rm rmdir script sed seq setpriv sh sleep sort stat systemctl tac tail tee timeout touch tr truncate
    umount uname uniq unshare wc xargs'''.split()
HOT_FILES = ['/etc/ld.so.cache', '/etc/passwd', '/etc/group', '/etc/nsswitch.conf', '/usr/libexec/bats-core',
             '/usr/lib/bats-core']


def links_and_file(path):
    """All names that a look-up of the path goes through and that are not directories."""
    names, rest, at = [], [part for part in path.split('/') if part], '/'
    while rest:
        at = os.path.join(at, rest.pop(0))
        if os.path.islink(at):
            names.append(at)
            target = os.path.normpath(os.path.join(os.path.dirname(at), os.readlink(at)))
            rest = [part for part in target.split('/') if part] + rest
            at = '/'
        elif not os.path.exists(at):
            return []
    return names + [at]


def libraries(program):
    """Those that the program is linked with, and its loader."""
    shown = subprocess.run(['ldd', program], text=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    return [word for word in shown.stdout.split() if word.startswith('/')]


def hot_files(programs):
    names = {}
    tools = [path for path in map(shutil.which, HOT_TOOLS) if path]
    for path in tools + HOT_FILES:
        names.update(dict.fromkeys(links_and_file(path)))
    for program in tools + programs:
        for path in libraries(program):
            names.update(dict.fromkeys(links_and_file(path)))
    return ''.join(f'.{name}\n' for name in names)


# --- the initramfs ------------------------------------------------------------------------------


class Archive:
    """A cpio archive of the form that the kernel unpacks."""

    def __init__(self):
        self.data = bytearray()
        self.count = 0

    def add(self, name, mode, content=b''):
        self.count += 1
        encoded = name.encode() + b'\0'
        fields = [self.count, mode, 0, 0, 1, 0, len(content), 0, 0, 0, 0, len(encoded), 0]
        self.data += b'070701' + b''.join(b'%08x' % field for field in fields) + encoded
        self.data += bytes(-len(self.data) % 4) + content
        self.data += bytes(-len(self.data) % 4)

    def add_file(self, name, path, mode):
        with open(path, 'rb') as file:
            self.add(name, stat.S_IFREG | mode, file.read())

    def finish(self):
        self.add('TRAILER!!!', 0)
        return bytes(self.data)


def module_bytes(path):
    with open(path, 'rb') as file:
        content = file.read()
    if path.endswith('.xz'):
        return lzma.decompress(content)
    if path.endswith('.zst'):
        return subprocess.run(['zstd', '-dc'], input=content, stdout=subprocess.PIPE, check=True).stdout
    return content


def busybox():
    path = shutil.which('busybox')
    if not path:
        raise Missing('no busybox here (Debian: busybox-static)')
    return path


def build(name, *options):
    """Path of a program of the lab's own, compiled when its source has changed."""
    source, program = os.path.join(HERE, name + '.c'), os.path.join(CACHE, name)
    if not shutil.which('cc'):
        raise Missing('no C compiler here')
    if not os.path.exists(program) or os.path.getmtime(program) < os.path.getmtime(source):
        subprocess.run(['cc', '-std=gnu17', '-O2', '-Wall', '-D_GNU_SOURCE', '-o', program + '.new', source,
                        *options], check=True)
        os.rename(program + '.new', program)
    return program


def tsc_khz():
    with locked('tsc'):
        program = build('tsc')
    return int(subprocess.run([program], check=True, text=True, stdout=subprocess.PIPE).stdout)


def initramfs_find(kernel):
    """The kernel's initramfs as an open file, made anew when anything in it has changed."""
    with locked('initramfs'):
        modules = kernel.modules_in_order()
        parts = [busybox(), build('guest', '-static'), os.path.join(HERE, 'init'), os.path.join(HERE, 'lab.service')]
        hot = hot_files([os.path.join(os.path.dirname(HERE), '../../build/bulkhead')])
        digest = hashlib.sha256(repr((modules, hot)).encode())
        for path in parts + [os.path.join(kernel.modules, module) for module, _ in modules]:
            details = os.stat(path)
            digest.update(f'{path} {details.st_size} {details.st_mtime_ns}'.encode())
        path = os.path.join(CACHE, f'initramfs-{kernel.version}-{digest.hexdigest()[:16]}')
        if os.path.exists(path):
            return open(path, 'rb')
        archive = Archive()
        for name in ('bin', 'proc', 'sys', 'dev', 'modules'):
            archive.add(name, stat.S_IFDIR | 0o755)
        for name, source, mode in zip(('bin/busybox', 'guest', 'init', 'lab.service'), parts,
                                      (0o755, 0o755, 0o755, 0o644)):
            archive.add_file(name, source, mode)
        archive.add('hot', stat.S_IFREG | 0o644, hot.encode())
        names = []
        for module, is_needed in modules:
            name = module_name(module) + '.ko'
            names.append(f'{name} {"needed" if is_needed else "wanted"}\n')
            archive.add('modules/' + name, stat.S_IFREG | 0o644,
                        module_bytes(os.path.join(kernel.modules, module)))
        archive.add('modules/list', stat.S_IFREG | 0o644, ''.join(names).encode())
        for old in glob.glob(os.path.join(CACHE, f'initramfs-{kernel.version}-*')):
            os.unlink(old)
        with open(path + '.new', 'wb') as file:
            file.write(archive.finish())
        os.rename(path + '.new', path)
        return open(path, 'rb')
