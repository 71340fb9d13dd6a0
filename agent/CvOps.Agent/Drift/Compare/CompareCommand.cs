using System.Runtime.InteropServices;
using System.Text;
using CvOps.Agent.Capture;
using CvOps.Agent.Inference;
using CvOps.Agent.Offline;

namespace CvOps.Agent.Drift.Compare;

/// <summary><c>cvops-agent drift-compare</c>, which people call as <c>cvops drift compare</c>.</summary>
internal static class CompareCommand
{
    public const string Verb = "drift-compare";

    /// <param name="arguments">Without the verb.</param>
    public static async Task<int> RunAsync(IReadOnlyList<string> arguments, TextWriter output, TextWriter errors)
    {
        if (arguments.Any(argument => argument is "--help" or "-h" or "-?"))
        {
            output.WriteLine(CompareCommandLine.Help);
            return OfflineExit.Done;
        }
        var (options, mistakes) = CompareCommandLine.Parse(arguments);
        foreach (var mistake in mistakes) Say(mistake);
        if (mistakes.Count > 0) return OfflineExit.WrongInput;

        using var interrupt = new CancellationTokenSource();
        using var ctrlC = PosixSignalRegistration.Create(PosixSignal.SIGINT, signal =>
        {
            signal.Cancel = !interrupt.IsCancellationRequested;
            interrupt.Cancel();
        });
        try
        {
            using var slots = new ModelSlots();
            var model = OfflineModel.Open(options.Run(options.Reference), TimeProvider.System);
            slots.Activate(model.Loaded);
            if (model.Note is { } note) Say(note);
            var reference = await SeeAsync(options.Run(options.Reference), slots, interrupt.Token);
            var present = await SeeAsync(options.Run(options.Present), slots, interrupt.Token);
            if (interrupt.IsCancellationRequested) return OfflineExit.Interrupted;
            var comparison = WorldComparison.Of(reference, present, Path.GetFileName(options.Present));
            CompareTable.Write(output, comparison, options, reference, present);
            if (options.Out is not { } file) return OfflineExit.Done;
            await File.WriteAllTextAsync(file, CompareReport.Html(comparison, options, reference, present), new UTF8Encoding(false), interrupt.Token);
            output.WriteLine($"Report: {file}");
            return OfflineExit.Done;
        }
        catch (OfflineException e)
        {
            Say(e.Message);
            return e.ExitCode;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Say(e.Message);
            return OfflineExit.Failed;
        }

        void Say(string sentence) => errors.WriteLine($"cvops drift compare: {sentence}");
    }

    /// <summary>Every frame of a recording through the agent's own stages.</summary>
    /// <exception cref="OfflineException">It can't be read, has no frame, or none that the model can say anything of.</exception>
    internal static async Task<SeenWorld> SeeAsync(OfflineOptions options, ModelSlots slots, CancellationToken interrupted)
    {
        var world = new SeenWorld();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(interrupted);
        var programs = FfmpegPrograms.Find(Environment.GetEnvironmentVariable("PATH"));
        var outcome = await OfflineFrames.InspectAsync(options, OfflineInput.Camera(options.Input), slots, [world], programs, new FrameNotes(), TimeProvider.System, stop);
        if (outcome.Problem is { } problem) throw world.Frames.Count == 0 ? OfflineException.WrongInput(problem) : OfflineException.Failed(problem);
        if (world.Frames.Count > 0 || interrupted.IsCancellationRequested) return world;
        throw OfflineException.WrongInput(world.FirstError is { } error ? $"{options.Input}: no frame has a prediction. The first: {error}" : $"{options.Input} has no frames.");
    }
}
