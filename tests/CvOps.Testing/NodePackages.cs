using System.Security.Cryptography;

namespace CvOps.Testing;

/// <summary>
/// Programs of Node.js that tests ask as a second opinion. Each set of packages is a folder under <c>tests/CvOps.Testing/npm</c> with exact versions; it is
/// installed once, no package script run, beside the other downloads in <c>~/.cache/cvops</c>.
/// </summary>
public static class NodePackages
{
    private static readonly TimeSpan InstallDeadline = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan RunDeadline = TimeSpan.FromMinutes(2);
    private static readonly SemaphoreSlim OneAtATime = new(1, 1);

    /// <summary>Runs a script of a set to its end. Skips the test when Node.js is absent or the packages can't be fetched.</summary>
    /// <param name="input">Its standard input.</param>
    /// <returns>What it wrote, errors included.</returns>
    /// <exception cref="InvalidOperationException">It ended with another code than 0.</exception>
    public static async Task<string> RunAsync(string set, string script, string input, CancellationToken cancellationToken)
    {
        var folder = await InstallAsync(set, cancellationToken);
        await using var node = TestProcess.Start(TestProcess.Find("node")!, [Path.Combine(folder, script)], folder: folder);
        await node.Input.WriteAsync(input.AsMemory(), cancellationToken);
        node.Input.Close();
        var code = await node.WaitForExitAsync(RunDeadline, cancellationToken);
        return code == 0 ? node.Output : throw new InvalidOperationException($"{script} ended with {code}: {node.Output}");
    }

    /// <returns>A folder with the set's files and its <c>node_modules</c>.</returns>
    public static async Task<string> InstallAsync(string set, CancellationToken cancellationToken)
    {
        Skip.Unless(TestProcess.Find("node") is not null && TestProcess.Find("npm") is not null, "Node.js is not installed (apt-get install npm).");
        var source = TestData.InRepository("tests", "CvOps.Testing", "npm", set);
        var target = Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache", "cvops", "npm", $"{set}-{Hash(source)}");
        await OneAtATime.WaitAsync(cancellationToken);
        try
        {
            if (Directory.Exists(target)) return target;
            // Beside it and moved when whole: a second test run at the same time finds all or nothing.
            var unfinished = Directory.CreateDirectory($"{target}.{Guid.NewGuid():N}").FullName;
            foreach (var file in Directory.GetFiles(source)) File.Copy(file, Path.Combine(unfinished, Path.GetFileName(file)));
            await using (var npm = TestProcess.Start(TestProcess.Find("npm")!, ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline"], folder: unfinished))
            {
                if (await npm.WaitForExitAsync(InstallDeadline, cancellationToken) != 0)
                {
                    Directory.Delete(unfinished, recursive: true);
                    Skip.Because($"npm could not fetch the packages of {set}: {npm.Output}");
                }
            }
            try
            {
                Directory.Move(unfinished, target);
            }
            catch (IOException) when (Directory.Exists(target))
            {
                Directory.Delete(unfinished, recursive: true);
            }
            return target;
        }
        finally
        {
            OneAtATime.Release();
        }
    }

    private static string Hash(string folder)
    {
        using var sum = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var file in Directory.GetFiles(folder).Order(StringComparer.Ordinal)) sum.AppendData(File.ReadAllBytes(file));
        return Convert.ToHexStringLower(sum.GetHashAndReset())[..16];
    }
}
