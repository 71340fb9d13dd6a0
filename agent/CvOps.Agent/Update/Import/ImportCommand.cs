using CvOps.Agent.Configuration;
using CvOps.Agent.Programs;
using CvOps.Agent.Update.Preflight;
using CvOps.Contracts;
using CvOps.Contracts.Packages;
using CvOps.Contracts.Programs;
using CvOps.Vision;

namespace CvOps.Agent.Update.Import;

/// <summary><c>cvops-agent import</c>: a package that came by hand, to a device without a way to the fleet's.</summary>
internal static class ImportCommand
{
    public const string Help = $"""
        cvops-agent import: gives this device a model, or a program of the agent's own, by file, as the fleet would by network.

          cvops-agent import PACKAGE [--config FILE] [--store] [--no-wait]

          PACKAGE         a .cvmodel or .cvagent file, signed by a key this device trusts
          --config FILE   the agent's configuration: names state folder and trusted keys (default {CommandLine.DefaultPath})
          --store         only keep it here: when the fleet wants it, it is not fetched (a model alone)
          --no-wait       return as soon as the agent has it, not when the update is over

        The package is verified, and the update takes its whole way: self-test, trial, swap, soak, and back to the old model if that
        goes wrong. So does a program: it is unpacked beside the one that runs, tried, and put on trial by a restart of the agent;
        what was in charge comes back if the trial goes wrong. An agent that does not run takes the package at its next start. One imported package is kept at a time.

        Exit codes: 0 the model or program is in charge, or was left for the agent; 1 the package was refused, or the update did not end with it;
        78 the configuration or command line is wrong.
        """;

    private const int Done = 0;
    private const int Refused = 1;
    private const int WrongInput = 78;

    /// <param name="arguments">Without the verb.</param>
    public static async Task<int> RunAsync(IReadOnlyList<string> arguments, TextWriter output, TextWriter problems)
    {
        if (arguments.Any(argument => argument is "--help" or "-h"))
        {
            output.WriteLine(Help);
            return Done;
        }
        try
        {
            var order = Parse(arguments);
            var options = ConfigurationFile.Load(order.Config);
            if (!Directory.Exists(options.Data)) throw new ConfigurationException($"the state folder {options.Data} does not exist: install the agent first, or name its configuration with --config.");
            if (order.Package.EndsWith(ProgramPackage.Ending, StringComparison.Ordinal))
            {
                if (order.Store) throw new ConfigurationException("--store is for models; a program is put on trial.");
                return await ProgramImport.RunAsync(order.Package, options, order.Wait, output) ? Done : Refused;
            }
            var package = Receive(order.Package, options);
            var folder = new ImportFolder(options.Data);
            output.WriteLine($"{package.Ref.Name} {package.Ref.Version} ({package.Digest}), {new FileInfo(ImportFolder.PathOf(options.Data, package.Digest)).Length} bytes, is verified and kept.");
            if (order.Store)
            {
                output.WriteLine("It is taken without being fetched when the fleet wants it.");
                return Done;
            }
            folder.Want(package);
            return await new ImportWatch(options.Data, folder, output).UntilOverAsync(package, order.Wait) ? Done : Refused;
        }
        catch (ConfigurationException e)
        {
            foreach (var mistake in e.Mistakes) problems.WriteLine($"cvops-agent import: {mistake}");
            return WrongInput;
        }
        catch (Exception e) when (e is UpdateRefusedException or IOException or UnauthorizedAccessException or ModelException)
        {
            problems.WriteLine($"cvops-agent import: {e.Message}");
            return Refused;
        }
    }

    /// <summary>Copies, verifies and keeps it.</summary>
    private static ModelPackage Receive(string path, AgentOptions options)
    {
        if (Directory.Exists(path)) throw new UpdateRefusedException($"{path} is a folder; name a .cvmodel file.");
        if (!File.Exists(path)) throw new UpdateRefusedException($"There is no file {path}.");
        // Opened before root becomes another: the agent's user need not be able to read what a person brought.
        using var source = File.OpenRead(path);
        if (!source.CanSeek || source.Length is 0 or > Limits.PackageBytes) throw new UpdateRefusedException($"{path} is no package: it has {(source.CanSeek ? source.Length : 0)} bytes, and a package has 1 to {Limits.PackageBytes}.");
        FolderOwner.ActAs(options.Data);
        var folder = new ImportFolder(options.Data);
        var models = new ModelFolder(options.Data);
        var preflight = new DevicePreflight(models, options.Inference, () => []);
        preflight.BeforeImport(source.Length);
        var copy = folder.Receive(source);
        try
        {
            var package = Named(path, () => new ModelLoader(models, options.Model, options.Inference, TimeProvider.System).Verify(copy, null));
            preflight.BeforePreparing(package, source.Length);
            folder.Keep(package);
            return package;
        }
        catch
        {
            folder.Discard();
            throw;
        }
    }

    private static ModelPackage Named(string path, Func<ModelPackage> verify)
    {
        try
        {
            return verify();
        }
        catch (UpdateRefusedException e)
        {
            throw new UpdateRefusedException($"{path} is refused: {e.Message}");
        }
    }

    private sealed record Order(string Package, string Config, bool Store, bool Wait);

    private static Order Parse(IReadOnlyList<string> arguments)
    {
        string? package = null;
        var (config, store, wait) = (CommandLine.DefaultPath, false, true);
        for (var i = 0; i < arguments.Count; i++)
        {
            switch (arguments[i])
            {
                case "--config" when i + 1 < arguments.Count: config = arguments[++i]; break;
                case "--config": throw new ConfigurationException("--config needs the path of a file.");
                case "--store": store = true; break;
                case "--no-wait": wait = false; break;
                case var other when other.StartsWith('-') || package is not null: throw new ConfigurationException($"'{other}' is not understood; see cvops-agent import --help.");
                default: package = arguments[i]; break;
            }
        }
        return new Order(package ?? throw new ConfigurationException("name a .cvmodel or .cvagent file; see cvops-agent import --help."), config, store, wait);
    }
}
