using System.Device.Gpio.Drivers;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace System.Device.Gpio.CharacterDevice;

/// <summary>An open <c>/dev/gpiochipN</c>.</summary>
internal sealed unsafe class GpioChip : IDisposable
{
    private const string Prefix = "/dev/gpiochip";
    private static readonly string Consumer = $"cvops-{Environment.ProcessId}";

    private readonly string _path;
    private int _descriptor;

    /// <exception cref="GpiodException">There is no such chip, it is no GPIO chip, or this user may not use it.</exception>
    public GpioChip(int number)
        : this(Prefix + number.ToString(CultureInfo.InvariantCulture), number)
    {
    }

    public GpioChip(string path, int number)
    {
        _path = path;
        _descriptor = Libc.Open(path, Libc.ReadWriteCloseOnExec);
        if (_descriptor < 0)
        {
            throw new GpiodException(Marshal.GetLastPInvokeError() switch
            {
                Libc.NoSuchFile => $"There is no GPIO chip {path}; {Present()}.",
                Libc.PermissionDenied => $"{path} may not be used by this user; add it to the group that owns the file (gpio, on most systems).",
                _ => $"{path} cannot be opened: {Libc.LastError}.",
            });
        }
        ChipInfo info;
        if (Libc.Ioctl(_descriptor, GpioUapi.GetChipInfo, &info) < 0)
        {
            var reason = Libc.LastError;
            Dispose();
            throw new GpiodException($"{path} is no GPIO chip: it does not answer the kernel's GPIO requests ({reason}).");
        }
        Info = new GpioChipInfo(number, Libc.Text(info.Name), Libc.Text(info.Label), (int)info.Lines);
    }

    public GpioChipInfo Info { get; }

    /// <summary>Numbers of the chips in <c>/dev</c>, rising.</summary>
    public static IEnumerable<int> Numbers() => Directory.GetFiles("/dev", "gpiochip*")
        .Select(path => int.TryParse(path.AsSpan(Prefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : -1)
        .Where(number => number >= 0).Order();

    /// <summary>Reserves a line and leaves direction and level as they are.</summary>
    /// <exception cref="GpiodException">Somebody else uses it, or the chip has no such line.</exception>
    public GpioLine Request(int offset)
    {
        var request = new LineRequest { LineCount = 1 };
        request.Offsets[0] = (uint)offset;
        Encoding.ASCII.GetBytes(Consumer, new Span<byte>(request.Consumer, GpioUapi.NameSize - 1));
        if (Libc.Ioctl(_descriptor, GpioUapi.GetLine, &request) >= 0 && request.Descriptor > 0) return new GpioLine(_path, offset, request.Descriptor);
        var (error, reason) = (Marshal.GetLastPInvokeError(), Libc.LastError);
        if (offset < 0 || offset >= Info.NumLines) throw new GpiodException($"{_path} has no line {offset}: its {Info.NumLines} lines begin at 0.");
        throw new GpiodException(error == Libc.Busy
            ? $"Line {offset} of {_path} is in use by '{UserOf(offset)}'; choose another line or stop that program."
            : $"Line {offset} of {_path} cannot be had: {reason}.");
    }

    /// <summary>What the kernel says of a line, whoever uses it.</summary>
    public LineInfo Describe(int offset)
    {
        var info = new LineInfo { Offset = (uint)offset };
        if (Libc.Ioctl(_descriptor, GpioUapi.GetLineInfo, &info) < 0) throw new GpiodException($"Line {offset} of {_path} cannot be described: {Libc.LastError}.");
        return info;
    }

    public void Dispose()
    {
        var descriptor = Interlocked.Exchange(ref _descriptor, -1);
        if (descriptor >= 0) _ = Libc.Close(descriptor);
    }

    private string UserOf(int offset)
    {
        var info = Describe(offset);
        return Libc.Text(info.Consumer);
    }

    private static string Present() => Numbers().ToArray() is { Length: > 0 } there
        ? $"this machine has {string.Join(", ", there.Select(number => $"{Prefix}{number}"))}"
        : "this machine has none (a container needs --device for it)";
}
