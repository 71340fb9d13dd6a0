using System.CommandLine;
using System.Globalization;
using CvOps.Contracts.Packages;
using CvOps.Vision;

namespace CvOps.Cli.Commands;

/// <summary><c>cvops model verify</c>: one sentence and one exit code for each answer.</summary>
internal static class ModelVerifyCommand
{
    private const int AnswersOtherwise = 15;

    public static Command Create()
    {
        var package = ModelCommands.Package();
        var keys = new Option<DirectoryInfo>("--trusted-keys") { Description = "Folder of the keys to believe.", Required = true };
        var command = new Command("verify", """
            Check form, digests and signatures as a device does, and run the golden vectors here.

            Exit codes: 0 good, 10 damaged or altered, 11 signed by unknown keys only, 12 the key expired or is not valid yet, 13 the key was revoked,
            14 this machine's clock was never set, 15 the model answers otherwise here than where it was packed, 1 anything else.
            """) { package, keys };
        command.SetAction((parsed, _) => FleetCommand.Guard(() => Task.FromResult(Verify(parsed.GetValue(package)!.FullName, parsed.GetValue(keys)!.FullName))));
        return command;
    }

    private static int Verify(string path, string folder)
    {
        var trusted = TrustedKeys.Load(folder);
        var result = PackageVerifier.Verify(path, trusted, DateTimeOffset.UtcNow);
        if (result.Package is not { } package) throw new CliException($"refused: {result.Reason}", CodeOf(result.Outcome));
        using var session = ModelSession.Open(package.Onnx, package.Manifest, new SessionSettings());
        var golden = GoldenCheck.Run(session, package.Golden, package.Entry);
        if (!golden.Passed) throw new CliException($"refused: {golden.Reason}", AnswersOtherwise);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"good: signed by {result.KeyId} ({trusted.NameOf(result.KeyId!)}), {package.Golden.Vectors.Count} golden vectors within {golden.MaxDifference:0.0e+0} on {session.Provider}"));
        return ExitCodes.Ok;
    }

    private static int CodeOf(VerifyOutcome outcome) => outcome switch
    {
        VerifyOutcome.Damaged => 10,
        VerifyOutcome.UnknownKey => 11,
        VerifyOutcome.Expired or VerifyOutcome.NotYetValid => 12,
        VerifyOutcome.Revoked => 13,
        VerifyOutcome.ClockNotSet => 14,
        _ => ExitCodes.Failed,
    };
}
