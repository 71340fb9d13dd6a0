using System.Globalization;
using CvOps.Agent.Capture;
using CvOps.Agent.Inference;

namespace CvOps.Agent.Offline;

/// <summary>Reads the arguments of <c>cvops run</c>, and says all that is wrong with them at once.</summary>
internal sealed class OfflineCommandLine
{
    public const string Help = """
        cvops run: inspects every frame of a video or of a folder of pictures as a camera's frames are inspected, without a fleet.

          cvops run MODEL INPUT [--out results.jsonl] [options]

          MODEL   a signed .cvmodel, or an .onnx with --manifest
          INPUT   a video, a picture (JPEG, PNG, BMP), a folder of pictures with its subfolders, or the address of a stream

          --out FILE             a JSON line for each frame: the fields of an inspection report, and file for a folder's picture. While it
                                 runs the lines are in FILE.partial, where they stay if it breaks off. - is standard output
          --save-frames FOLDER   JPEGs with the results drawn
          --only WHICH           of --save-frames: rejects, detections or errors; otherwise all
          --manifest FILE        the manifest.json that goes with an .onnx
          --trusted-keys FOLDER  public keys of signers to believe; a package of another signer is refused
          --frames N             stop after N frames
          --seconds S            stop after S seconds of the stream's own time; a stream needs one of the two
          --threads N            threads of one inference, 1 to 64; default: the machine's, less one that decodes
          --gpu                  try TensorRT, then CUDA, before the CPU
          --batch N              run N frames together, 1 to 16, if the model can; default 1
          --track                follow objects from frame to frame (ByteTrack)
          --timings              lines carry the milliseconds of each stage
          --help

        No frame is left out. Two runs with the same options on the same machine write the same bytes (not with --timings, --gpu or a stream);
        other --threads or --batch may change the last digits. A frame's time is its container's; where that does not say when it was recorded,
        time begins with 1970, and pictures are a 25th of a second apart.

        Exit codes: 0 every frame was inspected; 1 some were not (a line says which and why), or it broke on the way; 78 a file or an option is
        not as it must be, and nothing was inspected; 130 stopped by Ctrl-C.
        """;

    private readonly OfflineOptions _options = new();
    private readonly List<string> _mistakes = [];
    private readonly List<string> _places = [];

    /// <returns>The options, or sentences about what is wrong with them.</returns>
    public static (OfflineOptions Options, IReadOnlyList<string> Mistakes) Parse(IReadOnlyList<string> arguments)
    {
        var line = new OfflineCommandLine();
        line.Read(arguments);
        line.Check();
        return (line._options, line._mistakes);
    }

    private void Read(IReadOnlyList<string> arguments)
    {
        for (var i = 0; i < arguments.Count; i++)
        {
            var (name, value) = Split(arguments[i]);
            switch (name)
            {
                case "--gpu": _options.Gpu = true; break;
                case "--track": _options.Track = true; break;
                case "--timings": _options.Timings = true; break;
                case "--out" or "--save-frames" or "--only" or "--manifest" or "--trusted-keys" or "--frames" or "--seconds" or "--threads" or "--batch":
                    value ??= i + 1 < arguments.Count ? arguments[++i] : null;
                    if (string.IsNullOrEmpty(value)) _mistakes.Add($"{name} needs a value; see cvops run --help.");
                    else Set(name, value);
                    break;
                case ['-', _, ..]: _mistakes.Add($"'{arguments[i]}' is not understood; see cvops run --help."); break;
                default: _places.Add(arguments[i]); break;
            }
        }
    }

    /// <summary>--name=value is as good as --name value.</summary>
    private static (string Name, string? Value) Split(string argument) =>
        argument.StartsWith("--", StringComparison.Ordinal) && argument.IndexOf('=', StringComparison.Ordinal) is > 0 and var at ? (argument[..at], argument[(at + 1)..]) : (argument, null);

    private void Set(string name, string value)
    {
        switch (name)
        {
            case "--out": _options.Out = value; break;
            case "--save-frames": _options.SaveFrames = value; break;
            case "--manifest": _options.Manifest = value; break;
            case "--trusted-keys": _options.TrustedKeys = value; break;
            case "--frames": _options.Frames = (long)Number(name, value, 1, 1e15, whole: true); break;
            case "--seconds": _options.Seconds = Number(name, value, 0.001, 1e9, whole: false); break;
            case "--threads": _options.Threads = (int)Number(name, value, 1, OfflineOptions.MostThreads, whole: true); break;
            case "--batch": _options.Batch = (int)Number(name, value, 1, InspectionJob.MostFrames, whole: true); break;
            default:
                if (Enum.TryParse<SavedFrames>(value, ignoreCase: true, out var only) && Enum.IsDefined(only) && !char.IsAsciiDigit(value[0])) _options.Only = only;
                else _mistakes.Add($"--only takes rejects, detections or errors, not '{value}'.");
                break;
        }
    }

    private double Number(string name, string value, double least, double most, bool whole)
    {
        if (double.TryParse(value, NumberStyles.AllowDecimalPoint | NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
            && number >= least && number <= most && (!whole || number == Math.Floor(number))) return number;
        _mistakes.Add(most < 1e6
            ? $"{name} takes {(whole ? "a whole number" : "a number")} from {least} to {most}, not '{value}'."
            : $"{name} takes {(whole ? "a whole number" : "a number")} above 0, not '{value}'.");
        return least;
    }

    private void Check()
    {
        if (_places.Count != 2)
        {
            _mistakes.Add(_places.Count < 2 ? "MODEL and INPUT are needed: cvops run MODEL INPUT; see cvops run --help." : $"'{_places[2]}' is one argument too many; see cvops run --help.");
            return;
        }
        (_options.Model, _options.Input) = (_places[0], _places[1]);
        CheckModel();
        CheckInput();
        CheckOutputs();
    }

    private void CheckModel()
    {
        var bare = _options.Model.EndsWith(".onnx", StringComparison.OrdinalIgnoreCase);
        if (!File.Exists(_options.Model)) _mistakes.Add(Directory.Exists(_options.Model) ? $"The model {_options.Model} is a folder; name a .cvmodel or .onnx file." : $"There is no model {_options.Model}.");
        if (bare && _options.Manifest is null) _mistakes.Add($"{_options.Model} does not say how its input is made and its outputs are read: give --manifest manifest.json.");
        if (!bare && _options.Manifest is not null) _mistakes.Add("--manifest goes with an .onnx only: a .cvmodel has its own, which was signed with it.");
        if (bare && _options.TrustedKeys is not null) _mistakes.Add("--trusted-keys goes with a .cvmodel only: nobody signs an .onnx.");
        if (_options.Manifest is { } manifest && !File.Exists(manifest)) _mistakes.Add($"There is no manifest {manifest}.");
        if (_options.TrustedKeys is { } keys && !Directory.Exists(keys)) _mistakes.Add($"There is no folder of trusted keys {keys}.");
    }

    private void CheckInput()
    {
        if (OfflineInput.IsStream(_options.Input))
        {
            if (_options.Frames is null && _options.Seconds is null) _mistakes.Add($"{CameraAddress.Redact(_options.Input)} has no end: say --frames N or --seconds S.");
        }
        else if (!Path.Exists(_options.Input)) _mistakes.Add($"There is no video, picture or folder {_options.Input}.");
    }

    private void CheckOutputs()
    {
        if (_options.Out is { } file && file != OfflineOptions.StandardOutput)
        {
            if (Directory.Exists(file)) _mistakes.Add($"--out {file} is a folder; name a file.");
            else if (Path.GetDirectoryName(Path.GetFullPath(file)) is { } parent && !Directory.Exists(parent)) _mistakes.Add($"The folder {parent} of --out does not exist.");
            else if (new[] { _options.Model, _options.Input, _options.Manifest }.Any(given => given is not null && RealPath(given) == RealPath(file))) _mistakes.Add($"--out {file} would replace what is read; name another file.");
        }
        if (_options.SaveFrames is not { } folder)
        {
            if (_options.Only != SavedFrames.All) _mistakes.Add("--only chooses among the pictures that --save-frames FOLDER saves; name a folder.");
            return;
        }
        if (File.Exists(folder)) _mistakes.Add($"--save-frames {folder} is a file; name a folder.");
        if (WouldDrawOnInput(folder)) _mistakes.Add($"--save-frames {folder} lies where the pictures are that are inspected; name another folder.");
    }

    /// <summary>Drawings take the names of their pictures, and a second run would inspect the first one's drawings.</summary>
    private bool WouldDrawOnInput(string folder)
    {
        if (Directory.Exists(_options.Input)) return (RealPath(folder) + "/").StartsWith(RealPath(_options.Input) + "/", StringComparison.Ordinal);
        return File.Exists(_options.Input) && RealPath(folder) == RealPath(Path.GetDirectoryName(Path.GetFullPath(_options.Input))!);
    }

    /// <summary>Without a link at its end, nor a slash.</summary>
    private static string RealPath(string path)
    {
        var full = Path.GetFullPath(path).TrimEnd('/');
        FileSystemInfo place = Directory.Exists(full) ? new DirectoryInfo(full) : new FileInfo(full);
        return (place.Exists ? place.ResolveLinkTarget(returnFinalTarget: true)?.FullName : null) ?? full;
    }
}
