"""One lab: QEMU, a virtiofsd for each root, and the channels between them and here.

All channels are sockets without a name and all mounts are in a mount namespace that dies with its only
process, so there is nothing to clean up but processes, and those get SIGKILL from the kernel when this one
dies (PR_SET_PDEATHSIG).
"""
import collections
import ctypes
import os
import select
import shutil
import signal
import socket
import struct
import subprocess
import sys
import time

from kernel import CACHE, HERE, LabError, Missing, tsc_khz

CONSOLE_LINES = 40
PR_SET_PDEATHSIG = 1
# What is left to do after the command's end: a reboot, which ends QEMU.
LEAVE_SECONDS = 30

# The other lines are for speed: what the distribution hardens costs more when it is emulated; hpet, which a kernel
# prefers that doubts its time stamp counter, leaves emulation with each look at the clock; and code that is at
# another address in each process is translated anew in each, which is a third of the lab's time.
KERNEL_WORDS = ('console=ttyS0 quiet panic=-1 reboot=t cgroup_no_v1=all no_timer_check random.trust_cpu=on '
                'mitigations=off init_on_alloc=0 randomize_kstack_offset=off audit=0 nowatchdog tsc=reliable hpet=disable '
                'norandmaps nokaslr')

# The same as in `serve`.
VIRTIOFSD = ['/usr/lib/qemu/virtiofsd', '/usr/libexec/virtiofsd', '/usr/lib/virtiofsd']
PSEUDO = {
    'autofs', 'bdev', 'binfmt_misc', 'bpf', 'cgroup', 'cgroup2', 'configfs', 'debugfs', 'devpts', 'devtmpfs',
    'efivarfs', 'fuse.lxcfs', 'fusectl', 'hugetlbfs', 'mqueue', 'nsfs', 'overlay', 'proc', 'pstore', 'ramfs',
    'rpc_pipefs', 'securityfs', 'selinuxfs', 'squashfs', 'sysfs', 'tmpfs', 'tracefs',
}
LIBC = ctypes.CDLL(None, use_errno=True)


class Hang(LabError):
    pass


def die_with_parent():
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def check_host():
    """Refuses, with what it lacks, where no lab can be."""
    if os.geteuid() != 0:
        raise Missing('not root, who alone can serve this machine\'s root directory')
    if not shutil.which('qemu-system-x86_64'):
        raise Missing('no qemu-system-x86_64 here (Debian: qemu-system-x86)')
    if not any(os.access(path, os.X_OK) for path in VIRTIOFSD):
        raise Missing('no virtiofsd here (Debian 12: qemu-system-common)')


def mounts_to_serve(top):
    """Mount points below / that a program in the lab may need: real file systems, and that of the tree."""
    points = []
    with open('/proc/self/mountinfo') as table:
        for line in table:
            left, _, right = line.partition(' - ')
            point = left.split()[4].encode().decode('unicode_escape')
            filesystem = right.split()[0]
            holds_top = point != '/' and (top + '/').startswith(point + '/')
            if point != '/' and os.path.isdir(point) and (filesystem not in PSEUDO or holds_top):
                points.append(point)
    return points


class Machine:
    def __init__(self, kernel, initramfs, options, top):
        self.kernel = kernel
        self.initramfs = initramfs
        self.options = options
        self.top = top
        self.children = []
        self.console = collections.deque(maxlen=CONSOLE_LINES)
        self.console_rest = b''
        self.control = bytearray()
        self.channels = {}
        self.sent = False
        self.qemu = None
        self.words = None

    # --- starting -----------------------------------------------------------------------------------

    def spawn(self, arguments, descriptors):
        child = subprocess.Popen(arguments, stdin=subprocess.DEVNULL, stdout=self.words, stderr=self.words,
                                 pass_fds=descriptors, preexec_fn=die_with_parent, start_new_session=True)
        self.children.append(child)
        return child

    def serve(self, source, mounts):
        """Starts a virtiofsd; returns a socket that is connected to it."""
        point = os.path.join(CACHE, 'share')
        os.makedirs(point, exist_ok=True)
        listening = socket.socket(socket.AF_UNIX)
        listening.bind('')
        listening.listen(1)
        connected = socket.socket(socket.AF_UNIX)
        connected.connect(listening.getsockname())
        self.spawn(['unshare', '--mount', os.path.join(HERE, 'serve'), str(listening.fileno()), point, source,
                    *mounts], [listening.fileno()])
        listening.close()
        return connected

    def command_line(self, descriptors):
        options = self.options
        words = {'top': self.top, 'systemd': options.systemd and 'yes',
                 'modules': self.kernel.is_fetched and self.kernel.modules}
        append = f'{KERNEL_WORDS} tsc_early_khz={tsc_khz()} '
        append += ' '.join(f'lab.{name}={value}' for name, value in words.items() if value)
        if options.systemd:
            # No udev: nobody would ever say that the serial line is there.
            append += ' systemd.mask=serial-getty@ttyS0.service systemd.show_status=no systemd.hostname=lab'
        if options.append:
            append += ' ' + options.append
        arguments = [
            'qemu-system-x86_64', '-M', f'q35,accel={options.accel},memory-backend=memory',
            '-cpu', 'max,la57=off' if options.accel == 'tcg' else 'host', '-smp', str(options.cpus), '-m', f'{options.memory}M',
            '-object', f'memory-backend-memfd,id=memory,size={options.memory}M,share=on',
            '-nodefaults', '-no-user-config', '-no-reboot', '-display', 'none',
            '-kernel', self.kernel.image, '-initrd', f'/proc/self/fd/{self.initramfs.fileno()}', '-append', append,
            '-device', 'virtio-rng-pci', '-device', 'virtio-serial-pci',
        ]
        for name, descriptor in descriptors.items():
            arguments += ['-chardev', f'socket,id={name},fd={descriptor}']
            if name == 'console':
                arguments += ['-serial', 'chardev:console']
            elif name in ('host', 'systemd'):
                arguments += ['-device', f'vhost-user-fs-pci,chardev={name},tag={name},queue-size=1024']
            else:
                arguments += ['-device', f'virtserialport,chardev={name},name=lab.{name}']
        return arguments

    def start(self):
        theirs = {}
        self.channels['words'], self.words = socket.socketpair()
        for name in ('console', 'control', 'output', 'error'):
            mine, theirs[name] = socket.socketpair()
            mine.setblocking(False)
            self.channels[name] = mine
        theirs['host'] = self.serve('/', mounts_to_serve(self.top))
        if self.options.systemd:
            theirs['systemd'] = self.serve(self.options.systemd, [])
        descriptors = {name: channel.fileno() for name, channel in theirs.items()}
        self.qemu = self.spawn(self.command_line(descriptors),
                               [*descriptors.values(), self.initramfs.fileno()])
        for channel in [*theirs.values(), self.words]:
            channel.close()

    # --- running ------------------------------------------------------------------------------------

    def request(self, arguments):
        strings = [os.getcwd(), str(len(os.environ))]
        strings += [f'{name}={value}' for name, value in os.environ.items()] + arguments
        body = b''.join(os.fsencode(string) + b'\0' for string in strings)
        return struct.pack('>I', len(body)) + body

    def take_console(self, data):
        *lines, self.console_rest = (self.console_rest + data).split(b'\n')
        for line in lines:
            self.console.append(line.decode(errors='replace').rstrip())
            if self.options.console:
                print(self.console[-1], file=sys.stderr, flush=True)

    def take(self, name, data):
        if name in ('console', 'words'):
            self.take_console(data)
        elif name == 'control':
            self.control += data
        else:
            stream = 1 if name == 'output' else 2
            while data:
                data = data[os.write(stream, data):]

    def read_channels(self, seconds):
        """Takes what comes within the time; false when all have closed their ends."""
        if not self.channels:
            return False
        names = {channel: name for name, channel in self.channels.items()}
        for channel in select.select(list(names), [], [], seconds)[0]:
            data = channel.recv(65536)
            if data:
                self.take(names[channel], data)
            else:
                channel.close()
                del self.channels[names[channel]]
        return bool(self.channels)

    def is_up(self):
        return bytes(self.control[:1]) == b'H'

    def status(self):
        """The command's exit status, when it has been told."""
        return self.control[2] if len(self.control) >= 3 and self.control[1:2] == b'X' else None

    def run(self, arguments, boot_seconds, seconds):
        began = time.monotonic()
        deadline = began + boot_seconds
        leaving = False
        while self.read_channels(max(0.0, min(1.0, deadline - time.monotonic()))):
            if self.is_up() and not self.sent:
                self.sent = True
                channel = self.channels['control']
                channel.setblocking(True)
                channel.sendall(self.request(arguments))
                channel.setblocking(False)
                began = time.monotonic()
                deadline = began + seconds
            if self.status() is not None and not leaving:
                leaving = True
                deadline = time.monotonic() + LEAVE_SECONDS
            if time.monotonic() < deadline:
                continue
            if leaving:
                break
            what = 'the command has not ended' if self.sent else 'the lab is not up'
            raise Hang(f'{what} after {int(time.monotonic() - began)} seconds')
        if self.status() is None:
            raise LabError('the lab ended without a status')
        return self.status()

    def console_tail(self):
        return list(self.console) + ([self.console_rest.decode(errors='replace')] if self.console_rest else [])

    # --- ending -------------------------------------------------------------------------------------

    def stop(self):
        """Ends what was started. virtiofsd's worker is the first process of a pid namespace and leaves by
        itself when QEMU has closed the connection; it is killed if it does not."""
        if self.qemu:
            self.qemu.kill()
            self.qemu.wait()
        for channel in self.channels.values():
            channel.close()
        for child in self.children:
            try:
                child.wait(5)
            except subprocess.TimeoutExpired:
                for pid in children_of(child.pid):
                    os.kill(pid, signal.SIGKILL)
                child.kill()
                child.wait()


def children_of(pid):
    try:
        with open(f'/proc/{pid}/task/{pid}/children') as file:
            return [int(word) for word in file.read().split()]
    except OSError:
        return []
