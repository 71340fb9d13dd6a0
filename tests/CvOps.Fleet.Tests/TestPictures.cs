using System.Security.Cryptography;
using System.Text;
using CvOps.Vision;

namespace CvOps.Fleet.Tests;

internal static class TestPictures
{
    /// <summary>A real 16 x 16 JPEG, another one for every name.</summary>
    public static byte[] Jpeg(string name)
    {
        var grey = new byte[16 * 16];
        var seed = SHA256.HashData(Encoding.UTF8.GetBytes(name));
        for (var i = 0; i < grey.Length; i++) grey[i] = seed[i / 8 % seed.Length];
        return JpegCodec.Encode(new PictureView(grey, 16, 16, PixelFormat.Grey8));
    }
}
