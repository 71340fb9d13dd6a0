using System.Globalization;
using System.Xml;

namespace CvOps.Fleet.Datasets.Formats.Files;

/// <summary>XML that comes from anybody: no document types, nothing fetched, nothing that unfolds.</summary>
internal static class XmlFiles
{
    public static readonly XmlWriterSettings Writing = new() { Indent = true, CloseOutput = false };

    /// <param name="most">Characters of the document; 0 for any number, where it is read forwards and forgotten.</param>
    public static XmlReader Read(Stream stream, long most = 0) => XmlReader.Create(stream, new XmlReaderSettings
    {
        DtdProcessing = DtdProcessing.Prohibit, XmlResolver = null, MaxCharactersInDocument = most, IgnoreComments = true, IgnoreProcessingInstructions = true, IgnoreWhitespace = true,
    });

    /// <summary>In round-trip form: whole numbers without a point, which some readers insist on.</summary>
    public static string Text(double number) => number.ToString(CultureInfo.InvariantCulture);

    public static double? Number(string? text) => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number) ? number : null;
}
