using System.Collections;
using System.ComponentModel;
using System.Runtime.InteropServices;

namespace CvOps.Agent.Programs;

/// <summary>Starts programs of the agent's: a file by itself, a .dll by the .NET that runs this process.</summary>
internal static partial class ProgramExec
{
    /// <summary>This process's .NET; null where the program brings its own.</summary>
    public static string? DotNet => Environment.ProcessPath is { } path && Path.GetFileNameWithoutExtension(path) == "dotnet" ? path : null;

    /// <returns>Program and arguments that start an entry.</returns>
    /// <exception cref="InvalidOperationException">It needs a .NET, and this process runs on none of the machine's.</exception>
    public static string[] Command(string entry, IEnumerable<string> arguments) => !entry.EndsWith(".dll", StringComparison.Ordinal) ? [entry, .. arguments]
        : DotNet is { } dotnet ? [dotnet, "exec", entry, .. arguments]
        : throw new InvalidOperationException($"{entry} has no .NET of its own, and this agent does not run on the machine's.");

    /// <summary>
    /// execve(2): this process becomes another program, under the same number, so that systemd's word, its watchdog and its limits stay with it. What this process had open is closed.
    /// Called only before any host is built, or after it has ended.
    /// </summary>
    /// <param name="changes">Of the environment; null takes a variable away.</param>
    /// <returns>Why it did not, in words: it returns only then.</returns>
    public static unsafe string Replace(string[] command, IReadOnlyDictionary<string, string?> changes)
    {
        var environment = Environment.GetEnvironmentVariables().Cast<DictionaryEntry>().ToDictionary(entry => (string)entry.Key, entry => (string?)entry.Value);
        foreach (var (name, value) in changes) environment[name] = value;
        var variables = environment.Where(entry => entry.Value is not null).Select(entry => $"{entry.Key}={entry.Value}").ToArray();
        var (arguments, surroundings) = (Pointers(command), Pointers(variables));
        fixed (nint* argv = arguments, envp = surroundings) _ = Execve(command[0], argv, envp);
        var error = Marshal.GetLastPInvokeError();
        foreach (var pointer in arguments.Concat(surroundings)) Marshal.FreeCoTaskMem(pointer);
        return new Win32Exception(error).Message;
    }

    /// <summary>As C wants them: each text ends with a zero, and so does the list.</summary>
    private static nint[] Pointers(string[] texts) => [.. texts.Select(Marshal.StringToCoTaskMemUTF8), 0];

    [LibraryImport("libc", EntryPoint = "execve", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static unsafe partial int Execve(string path, nint* arguments, nint* environment);
}
