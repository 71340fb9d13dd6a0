using System.Runtime.InteropServices;
using System.Text;

namespace CvOps.Agent.Capture;

/// <summary>
/// The lines a child prints, taken from its pipe without waiting. Whoever reads the child's pictures drains first, so that what was said before
/// a picture is known before it; somebody else drains in between, so that the child never waits for room. Any thread.
/// </summary>
internal sealed partial class ChildLines
{
    // fcntl(2): F_SETFL, O_NONBLOCK.
    private const int SetFlags = 4;
    private const int NonBlocking = 0x800;

    private readonly Lock _gate = new();
    private readonly byte[] _buffer = new byte[4096];
    private readonly SafeHandle _pipe;
    private readonly Action<string> _heard;
    private int _filled;
    private bool _closed;

    /// <param name="pipe">The reading end; not closed here.</param>
    /// <param name="heard">Called with each line, within <see cref="Drain"/>.</param>
    public ChildLines(SafeHandle pipe, Action<string> heard)
    {
        (_pipe, _heard) = (pipe, heard);
        _ = SetFileFlags(pipe, SetFlags, NonBlocking);
    }

    /// <summary>Takes what is there.</summary>
    public void Drain()
    {
        lock (_gate)
        {
            while (!_closed)
            {
                var count = (int)Read(_pipe, ref _buffer[_filled], _buffer.Length - _filled);
                // Nothing there now (EAGAIN), or nothing ever again.
                if (count <= 0) return;
                _filled += count;
                Split();
            }
        }
    }

    /// <summary>The pipe is about to be closed.</summary>
    public void Close()
    {
        lock (_gate) _closed = true;
    }

    private void Split()
    {
        var rest = _buffer.AsSpan(0, _filled);
        while (rest.IndexOfAny((byte)'\n', (byte)'\r') is >= 0 and var end)
        {
            if (end > 0) _heard(Encoding.UTF8.GetString(rest[..end]));
            rest = rest[(end + 1)..];
        }
        if (rest.Length == _buffer.Length)
        {
            // A line without end is cut rather than kept.
            _heard(Encoding.UTF8.GetString(rest));
            rest = default;
        }
        rest.CopyTo(_buffer);
        _filled = rest.Length;
    }

    [LibraryImport("libc", EntryPoint = "read", SetLastError = true)]
    private static partial nint Read(SafeHandle pipe, ref byte target, nint count);

    [LibraryImport("libc", EntryPoint = "fcntl")]
    private static partial int SetFileFlags(SafeHandle pipe, int command, int flags);
}
