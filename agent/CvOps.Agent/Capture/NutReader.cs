using System.Buffers.Binary;
using CvOps.Vision;

namespace CvOps.Agent.Capture;

/// <summary>What a raw video stream is like.</summary>
/// <param name="Format">I420 or NV12.</param>
/// <param name="Recorded">When the recording began, as its container says; null when it does not.</param>
internal readonly record struct NutStream(int Width, int Height, PixelFormat Format, DateTimeOffset? Recorded);

/// <summary>
/// Reads one raw video stream in the NUT container (ffmpeg.org/nut, "NUT Open Container Format", version 3): size and format once, then each
/// picture with its time. Checksums are not looked at: the bytes come through a pipe.
/// </summary>
internal sealed class NutReader(Stream input)
{
    private const ulong MainCode = 0x4E4D_7A56_1F5F_04AD;
    private const ulong StreamCode = 0x4E53_1140_5BF2_F9DB;
    private const ulong SyncCode = 0x4E4B_E4AD_EECA_4569;
    private const ulong InfoCode = 0x4E49_AB68_B596_BA78;
    private const int HeaderLimit = 4096;
    private const int MostTimeBases = 16;

    private readonly NutBytes _bytes = new(input);
    private readonly NutFrameCode[] _codes = new NutFrameCode[256];
    private readonly byte[][] _elided = new byte[128][];
    private (long Num, long Den)[] _timeBases = [];
    private int _timeBase;
    private int _msbShift;
    private long _lastPts;
    private DateTimeOffset? _recorded;
    private NutStream? _stream;

    /// <summary>Reads on to the first picture.</summary>
    /// <returns>Null when the stream ended before one.</returns>
    /// <exception cref="NutException">It is no such stream.</exception>
    public NutStream? ReadHeaders()
    {
        Span<byte> id = stackalloc byte[25];
        if (_bytes.Read(id) < id.Length) return null;
        if (!id.SequenceEqual("nut/multimedia container\0"u8)) throw new NutException("it does not begin as a NUT stream does");
        if (!SkipToFrame()) return null;
        return _stream is { } stream ? stream with { Recorded = _recorded } : throw new NutException("a picture comes before its stream's header");
    }

    /// <summary>Reads what stands before the next picture.</summary>
    /// <param name="time">Since the stream's start.</param>
    /// <param name="size">Bytes of the picture.</param>
    /// <returns>False at the end.</returns>
    /// <exception cref="NutException">The stream is broken.</exception>
    public bool TryReadHeader(out TimeSpan time, out int size)
    {
        (time, size) = (default, 0);
        if (!SkipToFrame()) return false;
        var code = _codes[_bytes.Byte()];
        var flags = code.Flags;
        if ((flags & NutFrameCode.Invalid) != 0) throw new NutException("a picture begins with a code that means nothing");
        if ((flags & NutFrameCode.Coded) != 0) flags ^= (int)_bytes.Varint();
        if ((flags & NutFrameCode.StreamId) != 0) _bytes.Varint();
        _lastPts = (flags & NutFrameCode.CodedPts) != 0 ? NutBytes.FullPts((long)_bytes.Varint(), _lastPts, _msbShift) : _lastPts + code.PtsDelta;
        var bytes = code.SizeLsb + ((flags & NutFrameCode.SizeMsb) != 0 ? code.SizeMul * (long)_bytes.Varint() : 0);
        if ((flags & NutFrameCode.MatchTime) != 0) _bytes.Varint();
        var elided = (flags & NutFrameCode.HasHeaderIndex) != 0 ? (int)_bytes.Varint() : code.HeaderIndex;
        var reserved = (flags & NutFrameCode.HasReserved) != 0 ? (long)_bytes.Varint() : code.Reserved;
        for (; reserved > 0; reserved--) _bytes.Varint();
        if ((flags & NutFrameCode.Checksum) != 0) _bytes.Skip(4);
        if (bytes is < 0 or > int.MaxValue || elided is < 0 or > 127) throw new NutException("a picture's header makes no sense");
        // Larger pictures leave nothing out, whatever their code says (nutdec.c does the same).
        if (bytes <= HeaderLimit) _bytes.Unread(_elided[elided] ?? []);
        size = (int)bytes;
        var (num, den) = _timeBases[_timeBase];
        time = TimeSpan.FromTicks((long)((Int128)_lastPts * num * TimeSpan.TicksPerSecond / den));
        return true;
    }

    /// <summary>The next bytes of the picture.</summary>
    /// <returns>False when the stream ended first.</returns>
    public bool ReadPixels(Span<byte> pixels) => _bytes.Read(pixels) == pixels.Length;

    /// <summary>Reads the packets between pictures.</summary>
    /// <returns>False at the end of the stream.</returns>
    private bool SkipToFrame()
    {
        Span<byte> raw = stackalloc byte[8];
        while (true)
        {
            if (_bytes.Peek() is not { } next) return false;
            if (next != 'N') return true;
            if (_bytes.Read(raw) < raw.Length) return false;
            var code = BinaryPrimitives.ReadUInt64BigEndian(raw);
            var length = (long)_bytes.Varint();
            if (length > HeaderLimit) _bytes.Skip(4);
            var packet = _bytes.Packet(length);
            switch (code)
            {
                case MainCode: ReadMain(packet); break;
                case StreamCode: ReadStream(packet); break;
                case SyncCode: _lastPts = (long)(packet.Varint() / (ulong)Math.Max(1, _timeBases.Length)); break;
                case InfoCode: _recorded ??= NutInfo.CreationTime(packet); break;
            }
        }
    }

    private void ReadMain(NutPacket packet)
    {
        var version = packet.Varint();
        if (version is < 2 or > 3) throw new NutException($"it is NUT of version {version}, not 3");
        packet.Varint();
        packet.Varint();
        var timeBases = packet.Varint();
        if (timeBases is 0 or > MostTimeBases) throw new NutException($"it announces {timeBases} time bases");
        _timeBases = new (long, long)[timeBases];
        for (var i = 0; i < _timeBases.Length; i++) _timeBases[i] = ((long)packet.Varint(), Math.Max(1, (long)packet.Varint()));
        NutFrameCode.ReadTable(ref packet, _codes);
        var headers = packet.Varint();
        for (var i = 1; i <= (int)Math.Min(headers, 127); i++) _elided[i] = packet.Bytes().ToArray();
    }

    private void ReadStream(NutPacket packet)
    {
        if (packet.Varint() != 0 || packet.Varint() != 0) throw new NutException("it has more than one video stream");
        var fourcc = packet.Bytes();
        PixelFormat format;
        if (fourcc.SequenceEqual("I420"u8) || fourcc.SequenceEqual("YV12"u8)) format = PixelFormat.I420;
        else if (fourcc.SequenceEqual("NV12"u8)) format = PixelFormat.Nv12;
        else throw new NutException($"its pictures are {System.Text.Encoding.ASCII.GetString(fourcc)}, not I420 or NV12");
        (_timeBase, _msbShift) = ((int)packet.Varint(), (int)packet.Varint());
        packet.Varint();
        packet.Varint();
        packet.Varint();
        packet.Bytes();
        var (width, height) = ((long)packet.Varint(), (long)packet.Varint());
        if (width is < 1 or > 65_535 || height is < 1 or > 65_535 || _timeBase < 0 || _timeBase >= _timeBases.Length || _msbShift is < 0 or > 60) throw new NutException($"its stream header makes no sense ({width}x{height} pixels)");
        _stream = new NutStream((int)width, (int)height, format, null);
    }
}
