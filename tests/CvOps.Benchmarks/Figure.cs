using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace CvOps.Benchmarks;

/// <summary>A measured number beside its bound.</summary>
/// <param name="Better">higher or lower.</param>
/// <param name="Holds">Whether the bound is met; a bound that is missed stays as it is.</param>
/// <param name="Rival">What it was measured against, in the same run.</param>
internal sealed record Figure([property: JsonPropertyName("figure")] string Name, double Value, double Bound, string Better, bool Holds, string Rival)
{
    public static Figure AtLeast(string name, double value, double bound, string rival) => new(name, value, bound, "higher", value >= bound, rival);

    public static Figure AtMost(string name, double value, double bound, string rival) => new(name, value, bound, "lower", value <= bound, rival);
}

/// <summary>Prints figures as a table and writes them to <c>artifacts/bench/NAME.json</c>.</summary>
internal static class FigureTable
{
    public static void Publish(string name, IReadOnlyList<Figure> figures)
    {
        Console.WriteLine($"{"figure",-58} {"value",9} {"bound",9}  verdict  against");
        foreach (var figure in figures)
        {
            var sign = figure.Better == "higher" ? ">=" : "<=";
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{figure.Name,-58} {figure.Value,9:0.###} {sign}{figure.Bound,7:0.###}  {(figure.Holds ? "holds " : "MISSED")}   {figure.Rival}"));
        }
        Directory.CreateDirectory(Path.Combine("artifacts", "bench"));
        File.WriteAllText(Path.Combine("artifacts", "bench", name + ".json"), JsonSerializer.Serialize(figures, FigureJson.Default.IReadOnlyListFigure));
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
[JsonSerializable(typeof(IReadOnlyList<Figure>))]
internal sealed partial class FigureJson : JsonSerializerContext;
