using System.Formats.Tar;
using System.IO.Compression;

namespace CvOps.Testing;

/// <summary>State that an earlier version left on the disk (<c>tests/data/states</c>), unpacked anew for each test.</summary>
public static class EarlierState
{
    /// <param name="name">Of the archive, without its ending.</param>
    /// <param name="folder">Where it goes; made when missing.</param>
    public static void Unpack(string name, string folder)
    {
        Directory.CreateDirectory(folder);
        using var file = File.OpenRead(TestData.InRepository("tests", "data", "states", $"{name}.tar.gz"));
        using var unpacked = new GZipStream(file, CompressionMode.Decompress);
        TarFile.ExtractToDirectory(unpacked, folder, overwriteFiles: false);
    }
}
