using System.Globalization;
using CvOps.Testing;

namespace CvOps.Shared.Tests.Orleans;

public sealed class DurabilityTests
{
    private const string Folder = "CVOPS_TEST_DURABILITY_FOLDER";

    [Fact]
    public async Task What_was_answered_survives_kill_9()
    {
        var cancel = TestContext.Current.CancellationToken;
        using var folder = new TestFolder();
        await using (var child = TestProcess.StartAssembly(typeof(DurabilityTests).Assembly.Location,
            ["-method", $"{typeof(DurabilityTests).FullName}.{nameof(Child_that_counts_until_it_is_killed)}"],
            new Dictionary<string, string?> { [Folder] = folder.Path }))
        {
            await Eventually.Async(() => Answered(folder) >= 50, TimeSpan.FromSeconds(30), () => child.Output, cancel);
            await child.KillAsync();
        }

        var answered = Answered(folder);
        await using var silo = await TestSilo.Start(folder["grains.db"]);
        var stored = await silo.Grain<ICounterGrain>().Count();
        Assert.InRange(stored, answered, answered + 1);
    }

    /// <summary>Not a test of its own: the process that the test above kills.</summary>
    [Fact]
    public async Task Child_that_counts_until_it_is_killed()
    {
        var folder = Environment.GetEnvironmentVariable(Folder);
        Assert.SkipWhen(folder is null, "Runs only as the child of the test beside it.");
        await using var silo = await TestSilo.Start(Path.Combine(folder!, "grains.db"));
        await using var answers = new StreamWriter(Path.Combine(folder!, "answers")) { AutoFlush = true };
        while (!TestContext.Current.CancellationToken.IsCancellationRequested)
        {
            var count = await silo.Grain<ICounterGrain>().Add(1);
            await answers.WriteLineAsync(count.ToString(CultureInfo.InvariantCulture));
        }
    }

    private static int Answered(TestFolder folder)
    {
        if (!File.Exists(folder["answers"])) return 0;
        using var file = new FileStream(folder["answers"], FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        using var reader = new StreamReader(file);
        // The last line may be half written.
        var lines = reader.ReadToEnd().Split('\n')[..^1];
        return lines.Length == 0 ? 0 : int.Parse(lines[^1], CultureInfo.InvariantCulture);
    }
}
