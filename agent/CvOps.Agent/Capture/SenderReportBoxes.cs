using System.Buffers.Binary;

namespace CvOps.Agent.Capture;

/// <summary>
/// Reads, from the fragmented MP4 that ffmpeg writes of a stream it only copies, what RTCP sender reports (RFC 3550, 6.4.1) say of the time:
/// "producer reference time" boxes (ISO/IEC 14496-12, 8.16.5) tie a time of the stream to the sender's clock. The video itself is passed over.
/// </summary>
internal sealed class SenderReportBoxes
{
    private const int HeaderBytes = 8;
    private const int KeptBytes = 16 * 1024;
    // Seconds from 1900 (NTP) to 1970.
    private const long NtpToUnix = 2_208_988_800;

    // Without a report ffmpeg writes the host's time of that moment, and nothing tells the one from the other but this: a report's times run
    // exactly with the stream's, and a picture comes later than it was taken, by more than a socket takes.
    private const int Confirmations = 30;
    private const long MostTicks = 200 * 365 * TimeSpan.TicksPerDay;
    private const long ExactTicks = 3 * TimeSpan.TicksPerMillisecond / 2;
    private const long SocketTicks = 5 * TimeSpan.TicksPerMillisecond;

    private readonly byte[] _box = new byte[KeptBytes];
    private int _filled;
    private long _size;
    private uint _type;
    private uint _timescale;
    private long _candidate;
    private int _confirmed;

    /// <summary>The sender's clock at the stream's start; null before the first report.</summary>
    public DateTimeOffset? Start { get; private set; }

    /// <summary>Takes the next bytes, wherever they were cut.</summary>
    /// <param name="now">The host's time.</param>
    public void Read(ReadOnlySpan<byte> bytes, DateTimeOffset now)
    {
        while (bytes.Length > 0)
        {
            if (_size == 0)
            {
                var header = Math.Min(HeaderBytes - _filled, bytes.Length);
                bytes[..header].CopyTo(_box.AsSpan(_filled));
                _filled += header;
                bytes = bytes[header..];
                if (_filled < HeaderBytes) return;
                (_size, _type, _filled) = (BinaryPrimitives.ReadUInt32BigEndian(_box) - (long)HeaderBytes, BinaryPrimitives.ReadUInt32BigEndian(_box.AsSpan(4)), 0);
                if (_size <= 0) _size = 0;
                continue;
            }
            var piece = (int)Math.Min(_size, bytes.Length);
            var kept = Math.Min(piece, _box.Length - _filled);
            if (_type is Moov or Prft && kept > 0)
            {
                bytes[..kept].CopyTo(_box.AsSpan(_filled));
                _filled += kept;
            }
            bytes = bytes[piece..];
            if ((_size -= piece) > 0) continue;
            if (_type == Moov) _timescale = TimescaleOf(_box.AsSpan(0, _filled));
            else if (_type == Prft) Take(_box.AsSpan(0, _filled), now);
            _filled = 0;
        }
    }

    private const uint Moov = 0x6D6F_6F76;
    private const uint Prft = 0x7072_6674;

    private void Take(ReadOnlySpan<byte> box, DateTimeOffset now)
    {
        var wide = box.Length > 0 && box[0] == 1;
        if (box.Length < (wide ? 24 : 20) || _timescale == 0) return;
        var ntp = BinaryPrimitives.ReadUInt64BigEndian(box[8..]);
        var media = wide ? BinaryPrimitives.ReadUInt64BigEndian(box[16..]) : BinaryPrimitives.ReadUInt32BigEndian(box[16..]);
        var seconds = (long)(ntp >> 32) - NtpToUnix;
        var ticks = seconds * TimeSpan.TicksPerSecond + (long)((UInt128)(uint)ntp * TimeSpan.TicksPerSecond >> 32);
        var start = ticks - (long)((UInt128)media * TimeSpan.TicksPerSecond / _timescale);
        var late = (now - DateTimeOffset.UnixEpoch).Ticks - ticks;
        if (Math.Abs(late) <= SocketTicks || Math.Abs(start - _candidate) > ExactTicks) (_candidate, _confirmed) = (start, 0);
        if (++_confirmed >= Confirmations && start is > 0 and < MostTicks) Start = DateTimeOffset.UnixEpoch.AddTicks(_candidate);
    }

    /// <summary>Of the first media header in a movie box.</summary>
    private static uint TimescaleOf(ReadOnlySpan<byte> moov)
    {
        var at = moov.IndexOf("mdhd"u8);
        if (at < 0) return 0;
        var header = moov[(at + 4)..];
        // Version 1 has eight bytes for each of two dates.
        var offset = header.Length > 0 && header[0] == 1 ? 20 : 12;
        return header.Length >= offset + 4 ? BinaryPrimitives.ReadUInt32BigEndian(header[offset..]) : 0;
    }
}
