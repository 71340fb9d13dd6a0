using CvOps.Agent.Configuration;
using CvOps.Contracts.Packages;
using CvOps.Vision;
using CvOps.Vision.Gpu;

namespace CvOps.Agent.Decisions;

/// <summary><c>cvops-agent replay</c>, which people call as <c>cvops replay</c>.</summary>
internal static class ReplayCommand
{
    public const string Help = $"""
        cvops replay: goes over a recorded decision again and says whether it comes out byte for byte, or which input is not what it was.

          cvops replay RECORD [--config FILE] [--package FILE]

          RECORD          a .decision file of the agent's state folder
          --config FILE   the agent's configuration: names the state folder with the models, and how sessions run (default {CommandLine.DefaultPath} where
                          there is one; without one the sessions run as recorded)
          --package FILE  the .cvmodel to run; default: the recorded one, from the state folder

        Exit codes: 0 the same, 1 another prediction, 78 a file or an option is not as it must be.
        """;

    private const int Same = 0;
    private const int Differs = 1;
    private const int WrongInput = 78;

    /// <param name="arguments">Without the verb.</param>
    public static int Run(IReadOnlyList<string> arguments, TextWriter output, TextWriter problems)
    {
        if (arguments.Any(argument => argument is "--help" or "-h"))
        {
            output.WriteLine(Help);
            return Same;
        }
        try
        {
            var (path, configuration, package) = Parse(arguments);
            var (record, pixels) = DecisionFile.Read(path);
            var options = configuration is null ? null : ConfigurationFile.Load(configuration);
            var model = PackageReader.Open(package ?? Recorded(record, options));
            return Say(record, Replay.Run(record, pixels, model, Settings(record, options, model.Digest)), output);
        }
        catch (ConfigurationException e)
        {
            foreach (var mistake in e.Mistakes) problems.WriteLine($"cvops replay: {mistake}");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException or PackageException or ModelException)
        {
            problems.WriteLine($"cvops replay: {e.Message}");
        }
        return WrongInput;
    }

    private static int Say(DecisionRecord record, ReplayResult result, TextWriter output)
    {
        output.WriteLine($"camera {record.Camera}, connection {record.Connection}, frame {record.Frame}, captured {record.CapturedAt.UtcDateTime:O}{(record.Part is { } part ? $", part {part}" : "")}");
        output.WriteLine($"model {record.Inputs.Model.Name} {record.Inputs.Model.Version} ({record.Inputs.Model.Digest}) on {record.Inputs.Provider}: {(record.Error is not null ? "no prediction" : record.Reject ? "reject" : "pass")}");
        if (result.Same)
        {
            output.WriteLine($"The same: {result.Here.Length} characters, byte for byte.");
            if (result.Differences.Count > 0) output.WriteLine("Although these inputs differ:");
        }
        else
        {
            output.WriteLine($"Another prediction:\n  recorded {result.Recorded}\n  here     {result.Here}");
            output.WriteLine(result.Differences.Count > 0 ? "These inputs differ:" : "No recorded input differs: this program or this machine does not compute what it did.");
        }
        foreach (var difference in result.Differences) output.WriteLine($"  {difference}");
        return result.Same ? Same : Differs;
    }

    /// <summary>As this machine's agent would run the model; a TensorRT engine it has built is used where one was used then.</summary>
    private static SessionSettings Settings(DecisionRecord record, AgentOptions? options, string digest)
    {
        if (options is null) return new SessionSettings(record.Inputs.Threads, record.Inputs.Gpu, record.Inputs.Library);
        if (record.Inputs.Provider != "TensorRT" || options.Inference.TensorRtIn(options.Data) is not { } tensorRt) return options.Inference.Settings;
        var engines = EngineCache.FolderOf(tensorRt, digest, GpuIdentity.Read());
        return EngineCache.IsBuilt(engines) ? options.Inference.Settings with { TensorRt = tensorRt, EngineFolder = engines } : options.Inference.Settings;
    }

    private static string Recorded(DecisionRecord record, AgentOptions? options)
    {
        var model = record.Inputs.Model;
        if (options is null) throw new InvalidDataException($"There is no {CommandLine.DefaultPath} to find the models by: name the agent's file with --config, or the package of {model.Name} {model.Version} ({model.Digest}) with --package.");
        var path = Path.Combine(options.Data, "models", Path.GetFileName(model.Digest) + ".cvmodel");
        return File.Exists(path) ? path : throw new InvalidDataException($"The package of {model.Name} {model.Version} ({model.Digest}) is not in {options.Data}/models any more; name it with --package.");
    }

    private static (string Record, string? Config, string? Package) Parse(IReadOnlyList<string> arguments)
    {
        string? record = null, config = null, package = null;
        for (var i = 0; i < arguments.Count; i++)
        {
            switch (arguments[i])
            {
                case "--config" when i + 1 < arguments.Count: config = arguments[++i]; break;
                case "--package" when i + 1 < arguments.Count: package = arguments[++i]; break;
                case "--config" or "--package": throw new ConfigurationException($"{arguments[i]} needs the path of a file.");
                case var other when other.StartsWith('-') || record is not null: throw new ConfigurationException($"'{other}' is not understood; see --help.");
                default: record = arguments[i]; break;
            }
        }
        if (record is null) throw new ConfigurationException("name a .decision file; see --help.");
        return (record, config ?? (File.Exists(CommandLine.DefaultPath) && package is null ? CommandLine.DefaultPath : null), package);
    }
}
