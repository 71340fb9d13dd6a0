using System.Data.Common;
using System.Runtime.InteropServices;
using Dapper;

namespace CvOps.Fleet.Datasets.Quality.Pictures;

/// <param name="Known">Whether its picture was looked at in the space that was asked for.</param>
/// <param name="Code">Null where the picture has none, or was not looked at.</param>
internal sealed record CodedFrame(long Row, string Image, bool Known, byte[]? Code);

/// <summary>
/// Rows of <c>picture</c>, one for each file whatever number of frames shows it, and of <c>picture_embedding</c>, which only training reads: numbers as half floats,
/// little-endian.
/// </summary>
internal static class PictureTable
{
    private const string WriteRow = """
        INSERT INTO picture (image, space, width, height, hash, brightness, contrast, code, fault) VALUES (@Image, @Space, @Width, @Height, @Hash, @Brightness, @Contrast, @Code, @Fault)
        ON CONFLICT (image) DO UPDATE SET space = excluded.space, width = excluded.width, height = excluded.height, hash = excluded.hash, brightness = excluded.brightness,
          contrast = excluded.contrast, code = excluded.code, fault = excluded.fault
        """;

    private const string WriteEmbedding = "INSERT INTO picture_embedding (image, numbers) VALUES (@Image, @Numbers) ON CONFLICT (image) DO UPDATE SET numbers = excluded.numbers";

    public static int Write(DbConnection connection, string space, IReadOnlyCollection<PictureTrait> traits)
    {
        connection.Execute(WriteEmbedding, traits.Where(trait => trait.Embedding is not null).Select(trait => new { trait.Image, Numbers = Halves(trait.Embedding!) }));
        return connection.Execute(WriteRow, traits.Select(trait => new
        {
            trait.Image, Space = space, trait.Width, trait.Height, Hash = (long?)trait.Hash, trait.Brightness, trait.Contrast, trait.Fault,
            Code = trait.Code is { } code ? MemoryMarshal.AsBytes<sbyte>(code).ToArray() : null,
        }));
    }

    /// <summary>Frames in the order of their rows.</summary>
    public static List<CodedFrame> FramesAfter(DbConnection connection, long row, string space, int limit) => connection.Query<(long Row, string Image, long Known, byte[]? Code)>(
        """
        SELECT frames.row, frames.image, CASE WHEN picture.image IS NULL THEN 0 ELSE 1 END, picture.code
        FROM frames LEFT JOIN picture ON picture.image = frames.image AND picture.space = @space WHERE frames.row > @row ORDER BY frames.row LIMIT @limit
        """, new { row, space, limit }).Select(it => new CodedFrame(it.Row, it.Image, it.Known == 1, it.Code)).AsList();

    /// <returns>Null for a picture that was not looked at in that space.</returns>
    public static PictureTrait? Find(DbConnection connection, string image, string? space) =>
        connection.Query<Row>(Columns + " WHERE image = @image AND (@space IS NULL OR space = @space)", new { image, space }).SingleOrDefault()?.Trait;

    /// <returns>Null for a picture without one.</returns>
    public static float[]? Embedding(DbConnection connection, string image) =>
        connection.QuerySingleOrDefault<byte[]>("SELECT numbers FROM picture_embedding WHERE image = @image", new { image }) is { } numbers ? Numbers(numbers) : null;

    /// <summary>All that were looked at in that space.</summary>
    public static IEnumerable<PictureTrait> All(DbConnection connection, string space) => connection.Query<Row>(Columns + " WHERE space = @space", new { space }, buffered: false).Select(row => row.Trait);

    private const string Columns = "SELECT image, width, height, hash, brightness, contrast, code, fault FROM picture";

    private static byte[] Halves(float[] embedding)
    {
        var halves = Array.ConvertAll(embedding, number => (Half)number);
        return MemoryMarshal.AsBytes<Half>(halves).ToArray();
    }

    private static float[] Numbers(byte[] halves) => Array.ConvertAll(MemoryMarshal.Cast<byte, Half>(halves).ToArray(), number => (float)number);

    private sealed class Row
    {
        public string Image { get; set; } = "";

        public long? Width { get; set; }

        public long? Height { get; set; }

        public long? Hash { get; set; }

        public double? Brightness { get; set; }

        public double? Contrast { get; set; }

        public byte[]? Code { get; set; }

        public string? Fault { get; set; }

        public PictureTrait Trait => new(Image, Fault)
        {
            Width = (int?)Width, Height = (int?)Height, Hash = (ulong?)Hash, Brightness = Brightness, Contrast = Contrast,
            Code = Code is { } code ? MemoryMarshal.Cast<byte, sbyte>(code).ToArray() : null,
        };
    }
}
