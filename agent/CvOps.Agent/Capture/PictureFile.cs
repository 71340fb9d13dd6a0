using CvOps.Vision;

namespace CvOps.Agent.Capture;

/// <summary>A picture in a file: JPEG, PNG or BMP, told apart by their first bytes.</summary>
internal static class PictureFile
{
    private static readonly string[] KnownEndings = [".jpg", ".jpeg", ".png", ".bmp"];

    /// <summary>".jpg, .jpeg, ...", for messages.</summary>
    public static string Endings { get; } = string.Join(", ", KnownEndings);

    /// <summary>True when the file is named as a picture is.</summary>
    public static bool IsOne(string path) => KnownEndings.Contains(Path.GetExtension(path), StringComparer.OrdinalIgnoreCase);

    /// <exception cref="PictureException">It can't be read, is no picture, damaged or too large; the message does not name the file.</exception>
    public static DecodedPicture Read(string path, double maxMegapixels)
    {
        byte[] bytes;
        try
        {
            bytes = File.ReadAllBytes(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new PictureException($"The file can't be read: {e.Message}", e);
        }
        var picture = PngReader.IsPng(bytes) ? PngReader.Decode(bytes)
            : BmpReader.IsBmp(bytes) ? BmpReader.Decode(bytes)
            : bytes is [0xFF, 0xD8, ..] ? JpegCodec.Decode(bytes)
            : throw new PictureException($"It is neither a JPEG, a PNG nor a BMP ({bytes.Length} bytes).");
        if (picture.Width * (double)picture.Height <= maxMegapixels * 1e6) return picture;
        throw new PictureException($"It is {picture.Width}x{picture.Height}, more than the {maxMegapixels} megapixels allowed.");
    }
}
