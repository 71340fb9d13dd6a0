namespace CvOps.Agent.Capture;

/// <summary>What a picture's first byte stands for: NUT's table of frame codes, by which most headers are two bytes long.</summary>
internal readonly record struct NutFrameCode(int Flags, long PtsDelta, long SizeMul, long SizeLsb, long Reserved, int HeaderIndex)
{
    public const int CodedPts = 8;
    public const int StreamId = 16;
    public const int SizeMsb = 32;
    public const int Checksum = 64;
    public const int HasReserved = 128;
    public const int HasHeaderIndex = 1024;
    public const int MatchTime = 2048;
    public const int Coded = 4096;
    public const int Invalid = 8192;

    /// <summary>Reads the table of a main header ("main_header" of the specification).</summary>
    public static void ReadTable(ref NutPacket packet, Span<NutFrameCode> table)
    {
        long pts = 0, mul = 1, head = 0;
        for (var i = 0; i < table.Length;)
        {
            var flags = (int)packet.Varint();
            var fields = (int)packet.Varint();
            if (fields > 0) pts = packet.Signed();
            if (fields > 1) mul = (long)packet.Varint();
            if (fields > 2) packet.Varint();
            var size = fields > 3 ? (long)packet.Varint() : 0;
            var reserved = fields > 4 ? (long)packet.Varint() : 0;
            var count = fields > 5 ? (long)packet.Varint() : mul - size;
            if (fields > 6) packet.Signed();
            if (fields > 7) head = (long)packet.Varint();
            for (var skipped = 8; skipped < fields; skipped++) packet.Varint();
            for (var j = 0L; j < count && i < table.Length; i++)
            {
                // 'N' begins the packets that are no pictures.
                if (i == 'N') table[i] = new NutFrameCode(Invalid, 0, 0, 0, 0, 0);
                else table[i] = new NutFrameCode(flags, pts, mul, size + j++, reserved, (int)head);
            }
        }
    }
}
