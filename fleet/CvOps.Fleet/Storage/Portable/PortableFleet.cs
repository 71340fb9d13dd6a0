namespace CvOps.Fleet.Storage.Portable;

/// <summary>
/// <c>cvops-fleet export</c> and <c>import</c>: read models and grains through one file, between SQLite and PostgreSQL or either and itself. Pictures, packages
/// and keys are files of the data folder, to be copied beside it.
/// </summary>
internal static class PortableFleet
{
    /// <returns>Rows of each table in the file.</returns>
    /// <exception cref="IOException">The file is there already or cannot be written; a fleet runs on the data.</exception>
    public static async Task<IReadOnlyDictionary<string, long>> ExportAsync(FleetOptions options, string path, CancellationToken cancel)
    {
        using var database = SiloWiring.OpenDatabase(options);
        using var grains = new GrainStates(options, database);
        using var file = new PortableFile.Writer(path, Migrations.Newest);
        await database.ReadMomentAsync(connection =>
        {
            ReadModels.Export(connection, file);
            file.Table(GrainRecord.Table, GrainRecord.Columns);
            foreach (var state in grains.States()) file.Row([state.Type, state.Key, state.Name, state.Json]);
            file.Table(GrainReminder.Table, GrainReminder.Columns);
            foreach (var reminder in grains.Reminders()) file.Row([reminder.Type, reminder.Key, reminder.Name, reminder.StartAt, reminder.Period]);
            return true;
        }, cancel);
        return file.Finish();
    }

    /// <summary>All or nothing: what is not whole is not there. Into PostgreSQL the grains go first, each by itself, and the same ones again are no mistake.</summary>
    /// <returns>Rows of each table, counted in the database.</returns>
    /// <exception cref="InvalidDataException">There is data already.</exception>
    /// <exception cref="PortableFileException">The file is damaged, torn, or of another version.</exception>
    public static async Task<IReadOnlyDictionary<string, long>> ImportAsync(FleetOptions options, string path, CancellationToken cancel)
    {
        using var target = new ImportTarget(options);
        using (var database = SiloWiring.OpenDatabase(target.Options))
        {
            if (!await database.ReadAsync(ReadModels.AreEmpty, cancel)) throw new InvalidDataException("There is a fleet's data in the database already; an import needs an empty one.");
            using var grains = new GrainStates(target.Options, database);
            var counts = await database.WriteAsync(connection =>
            {
                var told = PortableFile.Read(path, Migrations.Newest, (table, columns) => table switch
                {
                    GrainRecord.Table => row => grains.WriteAsync(new GrainRecord((string)row[0]!, (string)row[1]!, (string)row[2]!, (string)row[3]!)).GetAwaiter().GetResult(),
                    GrainReminder.Table => row => grains.WriteAsync(new GrainReminder((string)row[0]!, (string)row[1]!, (string)row[2]!, (long)row[3]!, (long)row[4]!)).GetAwaiter().GetResult(),
                    _ => ReadModels.Import(connection, table, columns),
                });
                ReadModels.GoOnCounting(connection, database);
                var here = ReadModels.Count(connection);
                foreach (var (table, count) in told)
                    if (here.TryGetValue(table, out var found) && found != count) throw new PortableFileException($"{count} rows of {table} went in and {found} are there; nothing was kept.");
                // Before the commit of the rows: a fleet with rows has its grains.
                grains.CommitAsync().GetAwaiter().GetResult();
                return told;
            }, cancel);
            target.Rows = counts;
        }
        target.Keep();
        return target.Rows;
    }
}
