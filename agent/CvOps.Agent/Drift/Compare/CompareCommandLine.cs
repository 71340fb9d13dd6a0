using CvOps.Agent.Offline;

namespace CvOps.Agent.Drift.Compare;

/// <summary>What <c>cvops drift compare</c> was asked for.</summary>
internal sealed record CompareOptions
{
    public string Reference { get; set; } = "";

    public string Present { get; set; } = "";

    public string Model { get; set; } = "";

    public string? Manifest { get; set; }

    public string? TrustedKeys { get; set; }

    /// <summary>Where the report goes; null for none.</summary>
    public string? Out { get; set; }

    public long? Frames { get; set; }

    /// <summary>The offline run of one of the two.</summary>
    public OfflineOptions Run(string input) => new() { Model = Model, Input = input, Manifest = Manifest, TrustedKeys = TrustedKeys, Frames = Frames };
}

/// <summary>Reads the arguments of <c>cvops drift compare</c>, and says all that is wrong with them at once.</summary>
internal static class CompareCommandLine
{
    public const string Help = """
        cvops drift compare: how two recordings differ for a model, and the probable cause. Needs no fleet.

          cvops drift compare A B --model m.cvmodel [--out report.html] [options]

          A, B    the reference and what is held against it: a video each, or a folder of pictures

          --model FILE           a .cvmodel, or an .onnx with --manifest
          --manifest FILE        the manifest.json that goes with an .onnx
          --trusted-keys FOLDER  public keys of signers to believe; a package of another signer is refused. Without it any whole package is
                                 tried, and a line says that nobody vouched for it
          --out FILE             an HTML report with distributions and example frames, all in the one file
          --frames N             of each, the first N frames
          --help

        Every frame is inspected as a camera's frames are. The table has, for each covariate, its mean in A and B, the population stability index
        beyond what chance gives, the p-value of Pearson's chi-square test, and whether it has moved: an index of 0.2 at least, with one chance in ten
        thousand over the whole table. The test takes frames for independent; a part that shows in many frames makes p too small, not the index.

        Exit codes: 0 compared, whatever came out; 1 it broke on the way; 78 a file or an option is not as it must be; 130 stopped by Ctrl-C.
        """;

    /// <returns>The options, or sentences about what is wrong with them.</returns>
    public static (CompareOptions Options, IReadOnlyList<string> Mistakes) Parse(IReadOnlyList<string> arguments)
    {
        var (options, mistakes, places) = (new CompareOptions(), new List<string>(), new List<string>());
        for (var i = 0; i < arguments.Count; i++)
        {
            var at = arguments[i].IndexOf('=', StringComparison.Ordinal);
            var (name, value) = arguments[i].StartsWith("--", StringComparison.Ordinal) && at > 0 ? (arguments[i][..at], arguments[i][(at + 1)..]) : (arguments[i], null);
            switch (name)
            {
                case "--model" or "--manifest" or "--trusted-keys" or "--out" or "--frames":
                    value ??= i + 1 < arguments.Count ? arguments[++i] : null;
                    if (string.IsNullOrEmpty(value)) mistakes.Add($"{name} needs a value; see cvops drift compare --help.");
                    else if (!Set(options, name, value)) mistakes.Add($"--frames takes a whole number from 1 on, not '{value}'.");
                    break;
                case ['-', _, ..]: mistakes.Add($"'{arguments[i]}' is not understood; see cvops drift compare --help."); break;
                default: places.Add(arguments[i]); break;
            }
        }
        if (places.Count != 2) mistakes.Add($"Two recordings are needed, and {places.Count} {(places.Count == 1 ? "is" : "are")} named: cvops drift compare A B --model m.cvmodel; see cvops drift compare --help.");
        else (options.Reference, options.Present) = (places[0], places[1]);
        Check(options, places, mistakes);
        return (options, mistakes);
    }

    private static bool Set(CompareOptions options, string name, string value)
    {
        switch (name)
        {
            case "--model": options.Model = value; break;
            case "--manifest": options.Manifest = value; break;
            case "--trusted-keys": options.TrustedKeys = value; break;
            case "--out": options.Out = value; break;
            default:
                if (!long.TryParse(value, out var frames) || frames < 1) return false;
                options.Frames = frames;
                break;
        }
        return true;
    }

    private static void Check(CompareOptions options, List<string> places, List<string> mistakes)
    {
        foreach (var place in places.Take(2))
        {
            if (OfflineInput.IsStream(place)) mistakes.Add($"{Capture.CameraAddress.Redact(place)} is a live stream, which shows another hour each time: record it first.");
            else if (!Path.Exists(place)) mistakes.Add($"There is no video or folder {place}.");
        }
        var bare = options.Model.EndsWith(".onnx", StringComparison.OrdinalIgnoreCase);
        if (options.Model.Length == 0) mistakes.Add("--model is needed: a .cvmodel, or an .onnx with --manifest.");
        else if (!File.Exists(options.Model)) mistakes.Add($"There is no model {options.Model}.");
        if (bare && options.Manifest is null) mistakes.Add($"{options.Model} does not say how its input is made and its outputs are read: give --manifest manifest.json.");
        if (!bare && options.Manifest is not null) mistakes.Add("--manifest goes with an .onnx only: a .cvmodel has its own, which was signed with it.");
        if (bare && options.TrustedKeys is not null) mistakes.Add("--trusted-keys goes with a .cvmodel only: nobody signs an .onnx.");
        if (options.Manifest is { } manifest && !File.Exists(manifest)) mistakes.Add($"There is no manifest {manifest}.");
        if (options.TrustedKeys is { } keys && !Directory.Exists(keys)) mistakes.Add($"There is no folder of trusted keys {keys}.");
        if (options.Out is not { } file) return;
        if (Directory.Exists(file)) mistakes.Add($"--out {file} is a folder; name a file.");
        else if (Path.GetDirectoryName(Path.GetFullPath(file)) is { } parent && !Directory.Exists(parent)) mistakes.Add($"The folder {parent} of --out does not exist.");
        else if (places.Append(options.Model).Any(given => Path.GetFullPath(given) == Path.GetFullPath(file))) mistakes.Add($"--out {file} would replace what is read; name another file.");
    }
}
