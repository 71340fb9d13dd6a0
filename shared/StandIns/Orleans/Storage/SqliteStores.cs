using System.Collections.Concurrent;
using System.Reflection;
using System.Runtime.InteropServices;
using Orleans.Runtime;

namespace Orleans.Storage;

/// <summary>The databases of one silo, one <see cref="SqliteDatabase"/> a connection string. Owns and closes them.</summary>
internal sealed class SqliteStores : IDisposable
{
    /// <summary>What the published ADO.NET providers call SQLite.</summary>
    public const string Invariant = "System.Data.SQLite";

    private readonly ConcurrentDictionary<string, Lazy<SqliteDatabase>> _open = new();

    /// <exception cref="OrleansConfigurationException">Another database is asked for, or the file cannot be opened.</exception>
    public SqliteDatabase Open(string? invariant, string? connectionString, string usedFor)
    {
        if (invariant != Invariant)
            throw new OrleansConfigurationException($"The {usedFor} asks for ADO.NET invariant \"{invariant}\". This build runs on the one-process "
                + $"stand-in for Orleans, which knows only \"{Invariant}\". Build with PublishedPackages=true for any other database.");
        if (string.IsNullOrWhiteSpace(connectionString))
            throw new OrleansConfigurationException($"The {usedFor} has no ConnectionString.");
        try
        {
            LoadSystemLibrary();
            return _open.GetOrAdd(connectionString, text => new Lazy<SqliteDatabase>(() => new SqliteDatabase(text))).Value;
        }
        catch (Exception e) when (e is Microsoft.Data.Sqlite.SqliteException or ArgumentException)
        {
            throw new OrleansConfigurationException($"The database of the {usedFor} cannot be opened ({connectionString}): {e.Message}", e);
        }
    }

    public void Dispose()
    {
        foreach (var database in _open.Values.Where(database => database.IsValueCreated)) database.Value.Dispose();
    }

    private static void LoadSystemLibrary()
    {
        try
        {
            // The bundle carries SQLite of 2021; Debian's is newer and is patched with the system.
            NativeLibrary.SetDllImportResolver(ProviderAssembly(), static (name, _, _) =>
                name == "e_sqlite3" && NativeLibrary.TryLoad("libsqlite3.so.0", out var library) ? library : IntPtr.Zero);
        }
        catch (InvalidOperationException)
        {
            // The host has set one already; only one is allowed per assembly, and either serves.
        }

        SQLitePCL.Batteries_V2.Init();
    }

    private static Assembly ProviderAssembly() => typeof(SQLitePCL.SQLite3Provider_e_sqlite3).Assembly;
}
