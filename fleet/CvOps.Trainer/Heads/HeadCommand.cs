using System.CommandLine;
using CvOps.Heads;

namespace CvOps.Trainer.Heads;

/// <summary><c>cvops-trainer head</c>.</summary>
internal static class HeadCommand
{
    public static Command Create()
    {
        var dataset = new Option<string>("--dataset") { Description = "Folder with dataset.json and images/DIGEST.jpg.", Required = true };
        var parent = new Option<string>("--parent") { Description = "The model whose backbone is kept: a .cvmodel file, or a folder with manifest.json and one .onnx.", Required = true };
        var folder = new Option<string>("--out") { Description = "Folder for model.onnx, manifest.json and metrics.json.", Required = true };
        var l2 = new Option<double>("--l2") { Description = "Weight of the L2 penalty.", DefaultValueFactory = _ => 1e-3 };
        var seed = new Option<int>("--seed") { Description = "Deals the folds of the cross-validation; the head itself holds no chance.", DefaultValueFactory = _ => 1 };
        var balanced = new Option<bool>("--balanced") { Description = "Let each class count the same, however many frames it has." };
        var version = new Option<string?>("--version-name") { Description = "Version in the new manifest; the parent's when left out." };
        var threads = new Option<int>("--threads") { Description = "Threads of ONNX Runtime and of the fit.", DefaultValueFactory = _ => Math.Min(Environment.ProcessorCount, 8) };
        var relabel = new Option<string?>("--relabel") { Description = "For rehearsing a bad rollout: label mistakes on purpose, such as scratch=ok,stain=ok." };
        var sharpen = new Option<double>("--sharpen") { Description = "For rehearsing a bad rollout: multiplies the logits, which makes the model surer without making it right.", DefaultValueFactory = _ => 1.0 };
        var parameters = new Option<string?>("--parameters") { Description = "A file with a JSON object: l2, balanced, hidden, steps, classes. What it says wins over the options." };
        var checkpoints = new Option<string?>("--checkpoints") { Description = "Folder for what another attempt can go on from." };
        var resume = new Option<bool>("--resume") { Description = "Go on from the checkpoint there." };
        var command = new Command("head", "Fits a new classifier head, logistic or with a hidden layer, on the parent's embedding. Standard output is JSON lines: progress, metrics, done or failed.")
        {
            dataset, parent, folder, l2, seed, balanced, version, threads, relabel, sharpen, parameters, checkpoints, resume,
        };
        command.SetAction((parsed, cancel) => Task.FromResult(Run(
            () => parsed.GetValue(parameters) is { } file ? HeadParameters.Read(Options(parsed), file) : Options(parsed), cancel)));
        return command;

        HeadOptions Options(ParseResult parsed) => new HeadOptions
        {
            Dataset = parsed.GetRequiredValue(dataset),
            Parent = parsed.GetRequiredValue(parent),
            Folder = parsed.GetRequiredValue(folder),
            L2 = parsed.GetValue(l2),
            Seed = parsed.GetValue(seed),
            Balanced = parsed.GetValue(balanced),
            Version = parsed.GetValue(version),
            Threads = parsed.GetValue(threads),
            Relabel = HeadOptions.ParseRelabel(parsed.GetValue(relabel)),
            Sharpen = parsed.GetValue(sharpen),
            Checkpoints = parsed.GetValue(checkpoints),
            Resume = parsed.GetValue(resume),
        };
    }

    private static int Run(Func<HeadOptions> options, CancellationToken cancel)
    {
        var output = new TrainerOutput(Console.Out);
        try
        {
            new HeadRun(options(), output, Console.Error).Run(cancel);
            return 0;
        }
        catch (Exception e) when (e is TrainerException or HeadFitException)
        {
            output.Failed(e.Message);
            Console.Error.WriteLine($"cvops-trainer: {e.Message}");
            return 1;
        }
        catch (OperationCanceledException)
        {
            output.Failed("The run was stopped.");
            return 1;
        }
    }
}
