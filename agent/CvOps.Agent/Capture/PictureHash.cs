using System.Numerics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using CvOps.Vision;

namespace CvOps.Agent.Capture;

/// <summary>
/// A fingerprint of a picture's luma (or of its B,G,R rows), to tell whether two pictures are the same bytes. Every eighth row is read: sensor
/// noise changes every row, and 1080p costs 30 microseconds. Not for strangers: collisions can be made.
/// </summary>
internal static class PictureHash
{
    private const int RowStep = 8;
    // FNV-1a's 32-bit prime (Fowler, Noll, Vo 1991), a lane each.
    private const uint Prime = 16_777_619;

    public static ulong Of(PictureView picture)
    {
        var rowBytes = picture.Format == PixelFormat.Bgr24 ? 3 * picture.Width : picture.Width;
        var lanes = Vector256.Create(2_166_136_261u, 2_654_435_769u, 1_640_531_527u, 3_266_489_917u, 668_265_263u, 374_761_393u, 2_246_822_519u, 97_531_357u);
        var tail = (ulong)picture.Width << 32 | (uint)picture.Height;
        for (var y = 0; y < picture.Height; y += RowStep)
        {
            var row = picture.Data.Slice(rowBytes * y, rowBytes);
            var blocks = MemoryMarshal.Cast<byte, Vector256<uint>>(row);
            foreach (var block in blocks) lanes = (lanes ^ block) * Prime;
            for (var x = blocks.Length * 32; x < row.Length; x++) tail = (tail ^ row[x]) * 1_099_511_628_211;
        }
        for (var i = 0; i < Vector256<uint>.Count; i++) tail = BitOperations.RotateLeft((tail ^ lanes[i]) * 0x9E37_79B9_7F4A_7C15, 29);
        return tail;
    }
}
