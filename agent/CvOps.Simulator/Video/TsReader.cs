namespace CvOps.Simulator.Video;

/// <summary>The little of a transport stream that a broadcaster must know: its tables and where pictures can be entered (ISO/IEC 13818-1, 2.4).</summary>
internal sealed class TsReader
{
    public const int PacketBytes = 188;

    private const byte Sync = 0x47;
    private readonly byte[] _pat = new byte[PacketBytes];
    private readonly byte[] _pmt = new byte[PacketBytes];
    private int _pmtPid = -1;
    private bool _pmtSeen;

    /// <summary>The newest PAT and PMT packet; empty before both were seen.</summary>
    public byte[] Tables => _pmtSeen ? [.. _pat, .. _pmt] : [];

    /// <summary>Notes the tables and finds where a new client may start.</summary>
    /// <param name="packets">Whole packets.</param>
    /// <returns>Offset of the first packet of a key frame, or -1.</returns>
    /// <exception cref="InvalidDataException">The bytes are no transport stream.</exception>
    public int FindKeyFrame(ReadOnlySpan<byte> packets)
    {
        var found = -1;
        for (var at = 0; at < packets.Length; at += PacketBytes)
        {
            var packet = packets.Slice(at, PacketBytes);
            if (packet[0] != Sync) throw new InvalidDataException($"A transport packet starts with 0x47, not 0x{packet[0]:x2}.");
            var pid = (packet[1] & 0x1F) << 8 | packet[2];
            var starts = (packet[1] & 0x40) != 0;
            if (pid == 0 && starts) NotePat(packet);
            else if (pid == _pmtPid && starts)
            {
                packet.CopyTo(_pmt);
                _pmtSeen = true;
            }
            else if (found < 0 && starts && IsRandomAccess(packet)) found = at;
        }

        return found;
    }

    private void NotePat(ReadOnlySpan<byte> packet)
    {
        packet.CopyTo(_pat);
        // Pointer field, then 8 bytes of section header, then programs of 4 bytes: number, PID.
        var section = PayloadOffset(packet);
        var program = section + 1 + packet[section] + 8;
        if (program + 4 <= PacketBytes) _pmtPid = (packet[program + 2] & 0x1F) << 8 | packet[program + 3];
    }

    /// <summary>The adaptation field carries random_access_indicator: a decoder can begin at this packet.</summary>
    private static bool IsRandomAccess(ReadOnlySpan<byte> packet) =>
        (packet[3] & 0x20) != 0 && packet[4] > 0 && (packet[5] & 0x40) != 0;

    private static int PayloadOffset(ReadOnlySpan<byte> packet) =>
        Math.Min((packet[3] & 0x20) != 0 ? 5 + packet[4] : 4, PacketBytes - 1);
}
